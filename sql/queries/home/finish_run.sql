update core.runs set state = $state, finished_at = $now, error = $error where run_id = $run_id
