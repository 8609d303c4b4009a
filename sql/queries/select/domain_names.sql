select
    n.node_id as domain_id,
    n.name
from core.topic_tree as n
semi join core.topics as t on n.taxonomy_id = t.taxonomy_id and n.node_id = t.domain_id
where n.taxonomy_id = $taxonomy_id
order by n.node_id
