insert into raw.source_checks (
    run_id, source_id, source, checked_at, outcome, detail, file_count, new_file_count, newest_at, newest_partition
)
select
    $run_id,
    source_id,
    source,
    checked_at,
    outcome,
    detail,
    file_count,
    new_file_count,
    newest_at,
    newest_partition
from source_checks
