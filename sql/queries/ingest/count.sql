select count(*) as row_count
from raw.conversations
inner join raw.files using (file_id)
