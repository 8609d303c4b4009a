create or replace view out.source_lag as
with ranked as (
    select
        *,
        row_number() over (partition by source_id order by checked_at desc) = 1 as is_last
    from raw.source_checks
)

select
    source_id,
    any_value(source) as source,
    max(checked_at) as checked_at,
    any_value(outcome) filter (where is_last) as outcome,
    coalesce(any_value(detail) filter (where is_last), '') as detail,
    max(checked_at) filter (where outcome != 'failed') as read_at,
    max(checked_at) filter (where outcome = 'new') as new_at,
    max(newest_at) as newest_at,
    max(newest_partition) as newest_partition,
    date_diff('minute', max(newest_at), max(checked_at)) / 60 as lag_hours,
    sum(new_file_count)::bigint as file_count
from ranked
group by source_id;

comment on view out.source_lag is 'How far each live source is behind, as it was when a refresh looked at it last.';
comment on column out.source_lag.source_id is 'Hash of its whole URL.';
comment on column out.source_lag.source is 'Its URL, without user, password and query.';
comment on column out.source_lag.checked_at is 'When a refresh looked at it last (UTC).';
comment on column out.source_lag.outcome is 'What came of that: new (files), nothing (new) or failed.';
comment on column out.source_lag.detail is 'Why it failed, or what was left for the next time.';
comment on column out.source_lag.read_at is 'When it was last read without a failure (UTC).';
comment on column out.source_lag.new_at is 'When something new was last found (UTC).';
comment on column out.source_lag.newest_at is 'When the newest of its files was written (UTC), if its server says so.';
comment on column out.source_lag.newest_partition is 'The last date that a folder with files of it is named for.';
comment on column out.source_lag.lag_hours is 'Hours from newest_at to checked_at.';
comment on column out.source_lag.file_count is 'Files that refreshes have read of it, newer versions included.';
