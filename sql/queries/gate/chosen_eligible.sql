select
    s.prompt_id as id,
    'not eligible' as detail
from core.selections as s
anti join core.eligible_prompts as e on s.prompt_id = e.prompt_id
where s.run_id = $key and s.reject_reason is null
order by s.prompt_id
