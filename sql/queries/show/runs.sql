select
    strftime(started_at, '%Y-%m-%d %H:%M') as started,
    flow,
    state,
    round(date_diff('millisecond', started_at, finished_at) / 1000, 1) as seconds,
    round(c.usd, 2) as usd,
    release_id,
    error
from core.runs
left join (
    select
        run_id,
        sum(usd) as usd
    from core.llm_calls
    group by run_id
) as c using (run_id)
order by started_at desc
limit 20
