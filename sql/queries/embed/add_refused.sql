insert into core.flags (prompt_id, rule, evidence)
select
    prompt_id,
    'not_embedded' as rule,
    evidence
from refused
