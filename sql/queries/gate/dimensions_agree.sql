with usual as (
    select dimensions
    from core.vectors
    where embedder = $key
    group by dimensions
    order by sum(row_count) desc, dimensions asc
    limit 1
)

select
    v.shard as id,
    v.dimensions || ' dimensions, others have ' || u.dimensions as detail
from core.vectors as v
inner join usual as u on v.dimensions != u.dimensions
where v.embedder = $key
order by v.shard
