-- What is to be drawn of, in one hash.
select sha256(coalesce(string_agg(file_id, ' ' order by file_id), '')) as data_sha256
from raw.files
