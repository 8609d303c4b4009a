select
    s.prompt_id as id,
    c.kind as detail
from core.selections as s
inner join core.contaminated_prompts as c on s.prompt_id = c.prompt_id
where s.run_id = $key and s.reject_reason is null
order by s.prompt_id
