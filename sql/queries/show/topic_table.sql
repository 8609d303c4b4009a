with paired as (
    select topic_id from out.similar_topics
    where taxonomy_id = $taxonomy_id
    union
    select other_topic_id from out.similar_topics
    where taxonomy_id = $taxonomy_id
)

select
    t.topic_id,
    t.name,
    t.domain,
    t.size,
    t.coherence,
    t.tightness,
    t.mean_score,
    t.passing_share,
    t.chosen_count as chosen,
    coalesce(t.is_catch_all, false) as is_catch_all,
    p.topic_id is not null as is_near_identical,
    t.examples
from out.topics as t
left join paired as p on t.topic_id = p.topic_id
where t.taxonomy_id = $taxonomy_id
order by t.size desc, t.topic_id
