select
    p.prompt_id,
    p.prompt,
    f.prompt_id is null as is_kept
from core.prompts as p
left join core.flags as f on p.prompt_id = f.prompt_id
order by p.first_seen_at nulls last, p.prompt_id
