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
