-- Why a run's selection left a prompt out, or what it chose it as; of released prompts also why it didn't see them.
select
    prompt_id,
    coalesce(reject_reason, role) as reason
from core.selections
where run_id = $run_id
union all
select
    prompt_id,
    reason
from core.absences
where run_id = $run_id
order by prompt_id
