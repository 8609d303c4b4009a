-- Eligible prompts that have no place in the taxonomy yet; one without a topic has the place "none".
select
    p.prompt_id,
    p.prompt
from core.eligible_prompts as p
anti join (select prompt_id from core.prompt_topics where taxonomy_id = $taxonomy_id) as m
    on p.prompt_id = m.prompt_id
order by p.prompt_id
