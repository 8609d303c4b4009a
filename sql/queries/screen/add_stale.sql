insert into core.contamination (prompt_id, kind, reference, reference_id, evidence, run_id)
select
    prompt_id,
    'stale' as kind,
    '' as reference,
    '' as reference_id,
    'first seen on ' || first_seen_at::date as evidence,
    $run_id
from core.eligible_prompts
where first_seen_at < cast(nullif($seen_since, '') as date)
