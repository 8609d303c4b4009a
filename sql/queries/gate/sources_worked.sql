select
    source as id,
    detail
from raw.source_checks
where run_id = $run_id and outcome = 'failed'
order by source
