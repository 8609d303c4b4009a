with placed as (select prompt_id from core.prompt_topics where taxonomy_id = $key)

select
    coalesce(e.prompt_id, p.prompt_id) as id,
    if(p.prompt_id is null, 'in no place', 'not eligible') as detail
from core.eligible_prompts as e
full join placed as p on e.prompt_id = p.prompt_id
where e.prompt_id is null or p.prompt_id is null
order by id
