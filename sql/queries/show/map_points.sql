select
    topic_id,
    x,
    y
from core.prompt_topics
where taxonomy_id = $taxonomy_id
order by prompt_id
