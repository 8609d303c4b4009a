-- How many calls to models failed in each run, and how?
select
    r.started_at,
    r.flow,
    c.stage,
    c.model,
    count(*) as calls,
    count(*) filter (where c.outcome != 'ok') as failed,
    round(100 * avg((c.outcome != 'ok')::integer), 2) as failed_percent,
    mode(c.outcome) filter (where c.outcome != 'ok') as most_often,
    round(sum(c.usd) filter (where c.outcome != 'ok'), 4) as usd_lost
from out.llm_calls as c
left join out.runs as r on c.run_id = r.run_id
group by r.run_id, r.started_at, r.flow, c.stage, c.model
order by r.started_at desc nulls last, c.stage, c.model
