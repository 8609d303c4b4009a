select
    url,
    size,
    version,
    row_count as rows,
    reject_count as rejects
from raw.files
order by url, version
