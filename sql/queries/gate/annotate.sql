select
    e.prompt_id,
    a.outcome,
    a.score
from core.eligible_prompts as e
left join core.annotations as a on e.prompt_id = a.prompt_id and a.annotator = $key
order by e.prompt_id
