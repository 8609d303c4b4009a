select
    prompt_id,
    topic_id,
    topic,
    score,
    length(prompt) as length
from core.release_prompts
where release_id = $release_id
order by prompt_id
