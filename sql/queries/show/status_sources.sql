-- The live sources of the last refresh, with what all refreshes found there. Sources that differ only in what is
-- secret, as a signature that is made anew each week, are one. Where no server says when a file was written, the lag
-- is counted from the start of the day that the newest partition is named for.
with configured as (
    select distinct unnest(from_json(json_extract(settings, '$.refresh.sources'), '["varchar"]')) as source
    from (
        select settings from core.runs
        where flow = 'refresh'
        order by started_at desc
        limit 1
    ) as last_refresh
),

looks as (
    select
        source,
        max(checked_at) as checked_at,
        max_by(outcome, checked_at) as outcome,
        max(checked_at) filter (where outcome != 'failed') as read_at,
        max(newest_at) as newest_at,
        max(newest_partition) as newest_partition,
        max(checked_at) filter (where outcome = 'failed') as failed_at,
        max_by(detail, checked_at) filter (where outcome = 'failed') as failure
    from raw.source_checks
    group by source
)

select
    c.source,
    coalesce(l.outcome, 'never read') as outcome,
    l.checked_at,
    l.read_at,
    l.newest_at,
    l.newest_partition,
    coalesce(l.newest_at, cast(l.newest_partition as timestamp)) as lags_since,
    l.failed_at,
    l.failure
from configured as c
left join looks as l on c.source = l.source
order by c.source
