insert into core.topics (
    taxonomy_id, topic_id, name, keywords, size, core_size, representatives, x, y, domain_id, coherence, tightness,
    tightness_p10, nearest_topic_id, nearest_similarity, is_catch_all
)
select
    $taxonomy_id,
    topic_id,
    name,
    keywords,
    size,
    core_size,
    representatives,
    x,
    y,
    domain_id,
    coherence,
    tightness,
    tightness_p10,
    nearest_topic_id,
    nearest_similarity,
    is_catch_all
from topics
