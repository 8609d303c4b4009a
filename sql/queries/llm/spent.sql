-- USD of this run and of those before it that did not end well: what a budget has to count. An estimate or a
-- calibration that ends well says nothing of the build that it was made between.
with last_done as (
    select max(finished_at) as finished_at from core.runs
    where state = 'done' and flow not in ('estimate', 'calibrate')
)

select coalesce(sum(c.usd), 0) as usd
from core.llm_calls as c
cross join last_done as d
where d.finished_at is null or c.asked_at > d.finished_at
