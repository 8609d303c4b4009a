select
    topic_id,
    topic,
    trend,
    fitted_share,
    assigned_share
from out.topic_drift
where taxonomy_id = $taxonomy_id and run_id = $run_id and trend != 'steady'
order by abs(assigned_share - fitted_share) desc, topic_id
