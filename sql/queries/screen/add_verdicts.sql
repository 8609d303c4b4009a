insert into core.contamination (prompt_id, kind, reference, reference_id, similarity, evidence, run_id)
select
    prompt_id,
    kind,
    reference,
    reference_id,
    similarity,
    evidence,
    $run_id
from verdicts
