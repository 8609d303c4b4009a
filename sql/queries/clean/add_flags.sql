insert into core.flags (prompt_id, rule, evidence)
select
    prompt_id,
    rule,
    evidence
from flags
