-- What models cost: in the life of the home, and since the last run that ended well, as a budget counts it.
with last_done as (
    select max(finished_at) as finished_at from core.runs
    where state = 'done' and flow not in ('estimate', 'calibrate')
),

calls as (
    select
        c.*,
        d.finished_at is null or c.asked_at > d.finished_at as is_new
    from core.llm_calls as c
    cross join last_done as d
)

select
    stage,
    model,
    mode,
    count(*) as calls,
    sum(input_tokens)::bigint as input_tokens,
    sum(output_tokens)::bigint as output_tokens,
    sum(usd) as usd,
    count(*) filter (where is_new) as new_calls,
    coalesce(sum(usd) filter (where is_new), 0) as new_usd
from calls
group by stage, model, mode
order by stage, model, mode
