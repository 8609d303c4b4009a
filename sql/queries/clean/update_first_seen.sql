-- A source that is read later may hold what was asked earlier.
update core.prompts as p
set first_seen_at = s.asked_at
from (
    select
        prompt_id,
        min(asked_at) as asked_at
    from core.sightings
    where coalesce(reject_reason, 'exact_duplicate') = 'exact_duplicate'
    group by prompt_id
) as s
where p.prompt_id = s.prompt_id and s.asked_at < coalesce(p.first_seen_at, 'infinity'::timestamp)
