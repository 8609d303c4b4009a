select
    n.node_id,
    n.parent_id,
    n.topic_id,
    n.name,
    n.distance,
    n.topic_count,
    t.size
from core.topic_tree as n
left join core.topics as t on n.taxonomy_id = t.taxonomy_id and n.topic_id = t.topic_id
where n.taxonomy_id = $taxonomy_id
order by n.node_id
