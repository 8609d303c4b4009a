insert into core.topics (
    taxonomy_id, topic_id, name, keywords, size, core_size, representatives, x, y
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
    y
from topics
