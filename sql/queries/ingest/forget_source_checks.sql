delete from raw.source_checks where run_id = $run_id
