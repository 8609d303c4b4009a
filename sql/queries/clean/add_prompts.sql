insert into core.prompts (prompt_id, prompt, char_count, language, first_seen_at, run_id)
select
    prompt_id,
    prompt,
    length(prompt) as char_count,
    language,
    asked_at,
    $run_id
from prompts
