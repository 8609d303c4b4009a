select
    r.prompt_id as id,
    'no such prompt' as detail
from core.release_prompts as r
anti join core.prompts as p on r.prompt_id = p.prompt_id
where r.release_id = $key
order by r.prompt_id
