with accepted as (
    select
        prompt_id,
        count(*) as sightings
    from core.sightings
    where reject_reason is null
    group by prompt_id
)

select
    coalesce(p.prompt_id, a.prompt_id) as id,
    if(p.prompt_id is null, 'no prompt, ', '') || coalesce(a.sightings, 0) || ' accepted sightings' as detail
from core.prompts as p
full join accepted as a on p.prompt_id = a.prompt_id
where p.prompt_id is null or a.sightings is distinct from 1
order by id
