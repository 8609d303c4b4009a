delete from core.annotators where run_id = $run_id
