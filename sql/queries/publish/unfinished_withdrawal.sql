-- The release that the last event withdrew, if no withdrawal was seen to its end since: its run was killed late.
select release_id
from core.publications as p
where
    event = 'withdrawn'
    and position = (select max(position) from core.publications)
    and not exists (
        select 1 from core.runs as u
        where u.flow = 'withdraw' and u.state = 'done' and u.finished_at >= p.noted_at
    )
