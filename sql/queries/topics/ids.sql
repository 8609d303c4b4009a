select topic_id
from core.topics
where taxonomy_id = $taxonomy_id
order by topic_id
