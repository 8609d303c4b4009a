with members as (
    select
        topic_id,
        count(*) as size,
        count(*) filter (where assigned_by = 'cluster') as core_size
    from core.prompt_topics
    where taxonomy_id = $key
    group by topic_id
)

select
    t.topic_id as id,
    'size ' || t.size || ' with ' || coalesce(m.size, 0) || ' members, core ' || t.core_size || ' with '
    || coalesce(m.core_size, 0) as detail
from core.topics as t
left join members as m on t.topic_id = m.topic_id
where
    t.taxonomy_id = $key
    and (t.size is distinct from m.size or t.core_size is distinct from m.core_size)
order by t.topic_id
