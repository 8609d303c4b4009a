-- When each source was last read without a failure, and the last partition that was seen in it.
select
    source_id,
    max(checked_at) as checked_at,
    max(newest_partition) as newest_partition
from raw.source_checks
where outcome != 'failed'
group by source_id
