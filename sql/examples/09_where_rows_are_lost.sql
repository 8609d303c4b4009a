-- Where does a run lose its rows, in the last one that came to a release?
with last_run as (
    select f.run_id
    from out.funnel as f
    inner join out.runs as r on f.run_id = r.run_id
    order by r.started_at desc
    limit 1
)

select
    f.step,
    f.stage,
    f.reason,
    f.row_count as dropped,
    round(100 * f.row_count / f.rows_in, 1) as percent_of_its_rows
from out.funnel as f
semi join last_run as l on f.run_id = l.run_id
where f.reason != 'kept' and f.row_count > 0
order by f.step, f.row_count desc, f.reason
