-- When all are made again, what an earlier run knew keeps that run.
insert into core.prompts (prompt_id, prompt, char_count, language, first_seen_at, run_id)
select
    p.prompt_id,
    p.prompt,
    length(p.prompt) as char_count,
    p.language,
    p.asked_at,
    coalesce(s.first_run_id, $run_id) as run_id
from prompts as p
left join core.screened as s on p.prompt_id = s.prompt_id
