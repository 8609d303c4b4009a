select
    node_id,
    parent_id,
    topic_id,
    name
from core.topic_tree
where taxonomy_id = $taxonomy_id
order by node_id
