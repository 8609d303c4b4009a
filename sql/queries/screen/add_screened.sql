insert into core.screened (prompt_id, first_run_id, is_screened, skeleton)
select
    prompt_id,
    $run_id as first_run_id,
    true as is_screened,
    skeleton
from screened
on conflict (prompt_id) do update set is_screened = true, skeleton = excluded.skeleton
