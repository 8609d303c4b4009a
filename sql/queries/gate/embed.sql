select
    shard,
    row_count,
    dimensions
from core.vectors
where embedder = $key
order by shard
