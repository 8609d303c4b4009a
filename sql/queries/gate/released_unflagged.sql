select
    p.prompt_id as id,
    string_agg(f.rule, ', ' order by f.rule) as detail
from core.release_prompts as p
inner join core.flags as f on p.prompt_id = f.prompt_id
where p.release_id = $key
group by p.prompt_id
order by p.prompt_id
