insert into core.prompt_topics (taxonomy_id, prompt_id, topic_id, assigned_by, similarity, x, y)
select
    $taxonomy_id,
    prompt_id,
    topic_id,
    assigned_by,
    similarity,
    x,
    y
from members
