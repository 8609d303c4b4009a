delete from core.selections where run_id = $run_id
