-- Those of releases repeat one that is there.
select
    c.prompt_id as id,
    c.kind || ' of ' || coalesce(nullif(c.reference, ''), 'nothing') as detail
from core.contamination as c
left join core.release_prompts as q on c.reference = q.release_id and c.reference_id = q.uid
where
    (c.kind like 'repeat\_%' escape '\' and c.reference = '')
    or (c.kind like 'released\_%' escape '\' and q.uid is null)
order by c.prompt_id, c.kind
