insert into core.unembedded (run_id, prompt_id)
select
    $run_id,
    prompt_id
from missing
