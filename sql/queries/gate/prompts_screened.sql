select
    e.prompt_id as id,
    'not screened' as detail
from core.eligible_prompts as e
anti join core.screened as s on e.prompt_id = s.prompt_id and s.is_screened
order by e.prompt_id
