select
    q.prompt_id as id,
    c.kind as detail
from core.release_prompts as q
inner join core.contaminated_prompts as c on q.prompt_id = c.prompt_id
where q.release_id = $key
order by q.prompt_id
