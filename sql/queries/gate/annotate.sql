select
    e.prompt_id,
    a.outcome,
    a.score
from core.eligible_prompts as e
anti join core.screenings as s on e.prompt_id = s.prompt_id and s.run_id = $run_id
left join core.annotations as a on e.prompt_id = a.prompt_id and a.annotator = $key
order by e.prompt_id
