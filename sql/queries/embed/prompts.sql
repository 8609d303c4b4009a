select
    prompt_id,
    prompt
from core.eligible_prompts
order by prompt_id
