select
    boundary,
    check_name as name,
    severity,
    passed,
    unexpected_count
from core.checks
where run_id = $run_id
order by checked_at, boundary, check_name
