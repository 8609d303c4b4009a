select
    stage,
    reason,
    row_count as rows
from core.funnel
where run_id = $run_id
order by step, reason != 'kept', row_count desc, reason
