insert into core.screened (prompt_id, first_run_id, is_screened, shapes)
select
    prompt_id,
    $run_id as first_run_id,
    true as is_screened,
    shapes
from screened
on conflict (prompt_id) do update set is_screened = true, shapes = excluded.shapes
