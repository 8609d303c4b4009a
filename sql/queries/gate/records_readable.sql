-- Only files with a conversation count, so that a stray file in a folder stops nobody; and only files that this
-- run read, so that a bad one does not stop every run after it.
select
    'all files' as id,
    sum(reject_count) || ' of ' || sum(row_count + reject_count) || ' records rejected' as detail
from raw.files
where run_id = $run_id and row_count > 0
having sum(reject_count) >= 0.9 * sum(row_count + reject_count)
