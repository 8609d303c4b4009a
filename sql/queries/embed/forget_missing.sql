delete from core.unembedded where run_id = $run_id
