select
    p.prompt_id,
    p.prompt
from core.eligible_prompts as p
anti join core.annotations as a on p.prompt_id = a.prompt_id and a.annotator = $annotator and a.outcome = 'ok'
order by p.prompt_id
