delete from core.funnel where run_id = $run_id
