select
    p.prompt_id,
    p.prompt
from core.eligible_prompts as p
anti join core.prompt_bands as b on p.prompt_id = b.prompt_id and b.version = $version
order by p.prompt_id
