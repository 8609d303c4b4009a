-- What the last run was allowed to cost (0: no limit), and what counts against that.
select
    coalesce(sum(usd) filter (where is_new), 0) as spent_usd,
    coalesce((
        select cast(json_extract_string(settings, '$.llm.max_usd') as double) from core.runs
        where flow in ('build', 'refresh')
        order by started_at desc
        limit 1
    ), 0) as max_usd
from core.dated_calls
