select
    c.prompt_id as id,
    c.kind as detail
from core.contamination as c
anti join core.prompts as p on c.prompt_id = p.prompt_id
order by c.prompt_id, c.kind
