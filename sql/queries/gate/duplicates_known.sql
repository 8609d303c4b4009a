select
    s.file_id || ':' || s.position as id,
    'a repeat of ' || s.prompt_id || ', which is no prompt' as detail
from core.sightings as s
anti join core.prompts as p on s.prompt_id = p.prompt_id
where s.reject_reason = 'exact_duplicate'
order by s.file_id, s.position
