select
    file_id as id,
    parse_filename(url) || ': ' || reject_count || ' of ' || row_count + reject_count || ' records rejected'
        as detail
from raw.files
where run_id = $run_id and reject_count >= 0.2 * (row_count + reject_count) and reject_count > 0
order by file_id
