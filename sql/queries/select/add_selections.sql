insert into core.selections (run_id, prompt_id, topic_id, reject_reason)
select
    $run_id,
    prompt_id,
    topic_id,
    reject_reason
from selections
