select
    pass,
    annotator,
    rubric_sha256,
    outcome,
    prompts
from core.pass_outcomes
where run_id = $run_id
order by pass, prompts desc, outcome
