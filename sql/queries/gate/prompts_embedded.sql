select
    prompt_id as id,
    'no vector' as detail
from core.unembedded
where run_id = $run_id
order by prompt_id
