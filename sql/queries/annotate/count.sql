select count(*) as row_count
from core.annotations as a
inner join core.eligible_prompts as p on a.prompt_id = p.prompt_id
anti join core.screenings as s on a.prompt_id = s.prompt_id and s.run_id = $run_id
where a.annotator = $annotator
