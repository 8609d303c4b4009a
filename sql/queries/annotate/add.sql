insert or replace into core.annotations (
    prompt_id,
    annotator,
    outcome,
    specificity,
    domain_knowledge,
    complexity,
    problem_solving,
    creativity,
    technical_accuracy,
    real_world,
    score,
    raw
)
select
    prompt_id,
    $annotator,
    outcome,
    specificity,
    domain_knowledge,
    complexity,
    problem_solving,
    creativity,
    technical_accuracy,
    real_world,
    score,
    raw
from annotations
