delete from core.screenings where run_id = $run_id
