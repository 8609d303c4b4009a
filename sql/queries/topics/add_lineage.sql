insert into core.topic_lineage (
    taxonomy_id, topic_id, parent_id, parent_topic_id, relation, similarity, shared_count
)
select
    $taxonomy_id,
    topic_id,
    $parent_id,
    parent_topic_id,
    relation,
    similarity,
    shared_count
from lineage
