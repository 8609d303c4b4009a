-- A budget counts what was spent since the last run that came to a release. Publishing, withdrawing, an estimate or a
-- calibration that ends well says nothing of the build that it was made between.
create or replace view core.dated_calls as
select
    c.*,
    d.finished_at is null or c.asked_at > d.finished_at as is_new
from core.llm_calls as c
cross join (
    select max(finished_at) as finished_at from core.runs
    where state = 'done' and flow in ('build', 'refresh')
) as d;
