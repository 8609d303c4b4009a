select
    m.topic_id,
    t.domain_id,
    m.x,
    m.y
from core.prompt_topics as m
left join core.topics as t on m.taxonomy_id = t.taxonomy_id and m.topic_id = t.topic_id
where m.taxonomy_id = $taxonomy_id
order by m.prompt_id
