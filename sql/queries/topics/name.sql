update core.topics as t
set name = n.name, named_by = n.named_by
from names as n
where t.taxonomy_id = $taxonomy_id and t.topic_id = n.topic_id
