update core.runs set release_id = $release_id where run_id = $run_id
