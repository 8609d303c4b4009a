-- What calls that were made came to, by stage and endpoint: tokens of an answer, and seconds of one that was waited for.
-- Annotations count where they were asked for in the same format, those that calibrate asked for too.
select
    if(c.stage = 'calibrate', 'annotate', c.stage) as stage,
    c.endpoint,
    count(*) as call_count,
    avg(c.output_tokens) as output_tokens,
    avg(c.latency_seconds) filter (where c.mode = 'sync') as seconds
from core.llm_calls as c
inner join core.runs as r on c.run_id = r.run_id
where
    c.outcome <> 'error'
    and (c.stage not in ('annotate', 'calibrate') or (r.settings ->> '$.annotate.format') = $format)
group by 1, 2
