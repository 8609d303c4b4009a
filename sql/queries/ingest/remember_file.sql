insert into raw.files (file_id, url, size, version, row_count, reject_count, run_id, read_at)
values ($file_id, $url, $size, $version, $rows, $rejects, $run_id, $now)
