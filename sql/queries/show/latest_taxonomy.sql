-- The taxonomy that the latest run selected from.
select s.taxonomy_id
from core.topic_scores as s
inner join core.runs as r on s.run_id = r.run_id
order by r.started_at desc
limit 1
