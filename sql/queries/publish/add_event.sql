insert into core.publications (position, release_id, event, noted_at, run_id)
select
    coalesce(max(position), 0) + 1 as position,
    $release_id,
    $event,
    $now,
    $run_id
from core.publications
