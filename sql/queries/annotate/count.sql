select count(*) as row_count
from core.annotations as a
inner join core.eligible_prompts as p on a.prompt_id = p.prompt_id
where a.annotator = $annotator
