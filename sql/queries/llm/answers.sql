-- The call that counts for each key asked for: the first that was ok, so that it stays the same; else the last.
select
    c.key,
    c.outcome,
    c.round,
    c.text,
    c.error
from core.llm_calls as c
semi join asked as a on c.key = a.key
qualify
    row_number() over (
        partition by c.key
        order by
            c.outcome = 'ok' desc,
            if(c.outcome = 'ok', c.asked_at, null) asc,
            c.round desc,
            c.asked_at desc,
            c.call_id asc
    ) = 1
