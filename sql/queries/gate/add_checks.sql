insert into core.checks (
    run_id, boundary, check_name, severity, passed, unexpected_count, sample_ids, observed, checked_at
)
select
    $run_id as run_id,
    $boundary as boundary,
    name,
    severity,
    passed,
    unexpected_count,
    sample_ids,
    observed,
    $now as checked_at
from checks
