select
    file_id,
    url,
    left(file_id, 8) as place
from raw.files
