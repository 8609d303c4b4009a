select
    uid,
    prompt_id,
    score
from core.release_prompts
where release_id = $key
order by uid
