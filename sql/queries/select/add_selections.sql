insert into core.selections (run_id, prompt_id, topic_id, reject_reason, role)
select
    $run_id,
    prompt_id,
    topic_id,
    reject_reason,
    role
from selections
