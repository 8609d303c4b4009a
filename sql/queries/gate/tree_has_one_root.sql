with nodes as (
    select
        node_id,
        parent_id
    from core.topic_tree
    where taxonomy_id = $key
),

roots as (
    select *
    from nodes
    where parent_id is null or parent_id not in (select n.node_id from nodes as n)
),

counts as (
    select
        (select count(*) from nodes) as nodes,
        (select count(*) from roots) as roots
)

select
    coalesce(r.node_id::varchar, $key) as id,
    c.roots || ' roots over ' || c.nodes || ' nodes' as detail
from counts as c
left join roots as r on true
where c.roots != least(c.nodes, 1)
order by r.node_id
