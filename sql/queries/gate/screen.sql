select
    prompt_id,
    kind,
    similarity
from core.contamination
order by prompt_id, kind, reference
