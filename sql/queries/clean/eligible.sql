select
    prompt_id,
    prompt
from core.eligible_prompts
order by first_seen_at nulls last, prompt_id
