select
    f.prompt_id as id,
    f.rule as detail
from core.flags as f
anti join core.prompts as p on f.prompt_id = p.prompt_id
order by f.prompt_id
