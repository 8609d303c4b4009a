select
    topic_id,
    name,
    x,
    y
from core.topics
where taxonomy_id = $taxonomy_id
order by size desc, topic_id
