insert into raw.rejects (file_id, position, reason, detail)
select
    $file_id,
    position,
    reason,
    detail
from rejects
