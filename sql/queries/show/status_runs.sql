-- The last runs. `new_prompts`: eligible ones that no run before had cleaned.
select
    r.run_id,
    r.flow,
    r.state,
    r.started_at,
    r.finished_at,
    date_diff('millisecond', r.started_at, r.finished_at) / 1000 as seconds,
    coalesce(p.new_prompts, 0) as new_prompts,
    coalesce(c.usd, 0) as usd,
    r.release_id,
    r.error
from core.runs as r
left join (
    select
        run_id,
        count(*) as new_prompts
    from core.eligible_prompts
    group by run_id
) as p on r.run_id = p.run_id
left join (
    select
        run_id,
        sum(usd) as usd
    from core.llm_calls
    group by run_id
) as c on r.run_id = c.run_id
order by r.started_at desc, r.run_id asc
limit 10
