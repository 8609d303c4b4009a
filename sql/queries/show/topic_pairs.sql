select
    topic_id,
    topic,
    other_topic_id,
    other_topic,
    similarity
from out.similar_topics
where taxonomy_id = $taxonomy_id
order by similarity desc, topic_id, other_topic_id
