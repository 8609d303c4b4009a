insert into core.similar_topics (taxonomy_id, topic_id, other_topic_id, similarity)
select
    $taxonomy_id,
    topic_id,
    other_topic_id,
    similarity
from similar_topics
