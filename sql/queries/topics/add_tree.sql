insert into core.topic_tree (taxonomy_id, node_id, parent_id, topic_id, name, distance, topic_count)
select
    $taxonomy_id,
    node_id,
    parent_id,
    topic_id,
    name,
    distance,
    topic_count
from tree
