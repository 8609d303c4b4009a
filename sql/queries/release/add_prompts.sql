insert or ignore into core.release_prompts (
    release_id, uid, prompt_id, topic_id, topic, score, prompt, first_seen_on
)
select
    $release_id,
    uid,
    uid as prompt_id,
    topic_id,
    cluster,
    score,
    prompt,
    first_seen_on
from questions
