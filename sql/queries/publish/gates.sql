-- How the gates of a run decided: checks by the stage that they stand behind.
select
    boundary as after_stage,
    count(*) as checks,
    count(*) filter (where passed) as passed,
    count(*) filter (where not passed and severity = 'warning') as warnings,
    count(*) filter (where not passed and severity = 'critical') as refusals,
    coalesce(string_agg(check_name, ', ' order by check_name) filter (where not passed), '') as failed
from core.checks
where run_id = $run_id
group by boundary
order by min(checked_at), boundary
