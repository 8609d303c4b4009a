-- Prompts still to mark: those that an earlier pass of the run screened out are not.
select
    p.prompt_id,
    p.prompt
from core.eligible_prompts as p
anti join core.annotations as a on p.prompt_id = a.prompt_id and a.annotator = $annotator and a.outcome = 'ok'
anti join core.screenings as s on p.prompt_id = s.prompt_id and s.run_id = $run_id
order by p.prompt_id
