-- Conversations that were not looked at yet, or all of them.
select
    c.file_id,
    c.position,
    c.asked_at,
    c.asker,
    c.prompt,
    c.turn_count,
    c.language as stated_language,
    c.is_toxic,
    c.has_image
from raw.conversations as c
inner join raw.files using (file_id)
left join core.sightings as s on c.file_id = s.file_id and c.position = s.position
where $is_all or s.file_id is null
