select
    boundary,
    check_name as name,
    observed,
    unexpected_count
from core.checks
where run_id = $run_id and not passed and severity = 'warning'
order by checked_at, boundary, check_name
