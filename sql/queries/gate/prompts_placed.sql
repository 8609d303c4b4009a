-- A taxonomy that is used again also places prompts that are no longer eligible.
select
    e.prompt_id as id,
    'in no place' as detail
from core.eligible_prompts as e
where e.prompt_id not in (select prompt_id from core.prompt_topics where taxonomy_id = $key)
order by id
