select
    prompt_id,
    topic_id,
    assigned_by,
    similarity
from core.prompt_topics
where taxonomy_id = $key
order by prompt_id
