select
    named_by,
    count(*) as topics
from core.topics
where taxonomy_id = $taxonomy_id
group by named_by
order by named_by
