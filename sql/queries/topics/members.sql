select
    prompt_id,
    topic_id,
    assigned_by
from core.prompt_topics
where taxonomy_id = $taxonomy_id
order by prompt_id
