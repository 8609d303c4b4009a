delete from core.topic_scores where run_id = $run_id
