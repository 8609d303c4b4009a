insert into core.prompt_topics (taxonomy_id, prompt_id, topic_id, assigned_by, similarity, x, y, run_id)
select
    $taxonomy_id,
    prompt_id,
    topic_id,
    assigned_by,
    similarity,
    x,
    y,
    $run_id
from members
