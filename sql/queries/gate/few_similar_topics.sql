with paired as (
    select topic_id from core.similar_topics
    where taxonomy_id = $key
    union
    select other_topic_id from core.similar_topics
    where taxonomy_id = $key
),

counts as (
    select
        (select count(*) from paired) as alike,
        (select count(*) from core.topics where taxonomy_id = $key) as topics
)

select
    $key as id,
    alike || ' of ' || topics || ' topics are nearly the same as another' as detail
from counts
where alike > 0.2 * topics
