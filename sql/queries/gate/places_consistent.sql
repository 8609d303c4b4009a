select
    p.prompt_id as id,
    'topic ' || coalesce(p.topic_id::varchar, 'none') || ' by ' || p.assigned_by as detail
from core.prompt_topics as p
left join core.topics as t on p.taxonomy_id = t.taxonomy_id and p.topic_id = t.topic_id
where p.taxonomy_id = $key and (p.assigned_by = 'none') != (t.topic_id is null)
order by p.prompt_id
