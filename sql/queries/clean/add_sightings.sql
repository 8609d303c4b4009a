insert into core.sightings (file_id, position, prompt_id, asked_at, asker, reject_reason)
select
    file_id,
    position,
    prompt_id,
    asked_at,
    asker,
    reject_reason
from sightings
