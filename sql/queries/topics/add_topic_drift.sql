insert or replace into core.topic_drift (
    taxonomy_id,
    run_id,
    topic_id,
    fitted_count,
    assigned_count,
    fitted_share,
    assigned_share,
    ratio,
    p_value,
    trend
)
select
    $taxonomy_id,
    $run_id,
    topic_id,
    fitted_count,
    assigned_count,
    fitted_share,
    assigned_share,
    ratio,
    p_value,
    trend
from topic_drift
