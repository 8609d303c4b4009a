delete from core.checks where run_id = $run_id and boundary = $boundary
