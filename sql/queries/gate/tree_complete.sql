with counts as (
    select
        (select count(*) from core.topics where taxonomy_id = $key) as topics,
        (select count(*) from core.topic_tree where taxonomy_id = $key) as nodes
)

select
    $key as id,
    nodes || ' nodes over ' || topics || ' topics' as detail
from counts
where nodes != greatest(2 * topics - 1, 0)
