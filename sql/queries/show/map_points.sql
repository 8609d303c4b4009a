-- Prompts on the map of the taxonomy that the latest run selected from.
select
    topic_id,
    x,
    y
from core.prompt_topics
where
    taxonomy_id = (
        select s.taxonomy_id
        from core.topic_scores as s
        inner join core.runs as r on s.run_id = r.run_id
        order by r.started_at desc
        limit 1
    )
order by prompt_id
