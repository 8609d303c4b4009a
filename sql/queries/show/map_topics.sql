select
    topic_id,
    domain_id,
    name
from core.topics
where taxonomy_id = $taxonomy_id
order by size desc, topic_id
