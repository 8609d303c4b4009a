insert into core.topic_scores (
    run_id, taxonomy_id, topic_id, name, mean_score, annotated_count, passing_count, is_eligible, is_chosen
)
select
    $run_id,
    $taxonomy_id,
    topic_id,
    name,
    mean_score,
    annotated_count,
    passing_count,
    is_eligible,
    is_chosen
from topic_scores
