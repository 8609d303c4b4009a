select coalesce(avg((coalesce(a.outcome, '') = 'ok')::integer), 0) as share
from core.eligible_prompts as e
left join core.annotations as a on e.prompt_id = a.prompt_id and a.annotator = $annotator
