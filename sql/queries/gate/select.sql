select
    prompt_id,
    topic_id
from core.selections
where run_id = $key and reject_reason is null
order by prompt_id
