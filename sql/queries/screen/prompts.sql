-- Prompts that were not compared under this recipe yet, or all of them; `known_at` is when the run started that
-- knew a prompt first; `bands` is null where cleaning left none of this version.
select
    e.prompt_id,
    e.prompt,
    e.language,
    b.bands,
    coalesce(r.started_at, $now) as known_at
from core.eligible_prompts as e
left join core.screened as s on e.prompt_id = s.prompt_id
left join core.prompt_bands as b on e.prompt_id = b.prompt_id and b.version = $version
left join core.runs as r on r.run_id = coalesce(s.first_run_id, $run_id)
where $is_all or not coalesce(s.is_screened, false)
order by e.prompt_id
