-- The topics of a taxonomy, and where each is on the map: there stand prompts that are placed after the fit.
select
    topic_id,
    x,
    y
from core.topics
where taxonomy_id = $taxonomy_id
order by topic_id
