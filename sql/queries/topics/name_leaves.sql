update core.topic_tree as l
set name = t.name
from core.topics as t
where l.taxonomy_id = $taxonomy_id and t.taxonomy_id = l.taxonomy_id and t.topic_id = l.topic_id
