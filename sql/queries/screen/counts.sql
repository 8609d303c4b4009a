select
    kind,
    reference,
    prompt_count as prompts,
    barring_count as barring
from core.contamination_counts
where run_id = $run_id
order by prompts desc, kind, reference
