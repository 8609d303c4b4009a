select
    c.file_id || ':' || c.position as conversation,
    c.turn_count
from raw.conversations as c
inner join raw.files as f on c.file_id = f.file_id
order by c.file_id, c.position
