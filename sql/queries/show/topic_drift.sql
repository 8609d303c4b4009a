-- The last look at the drift of a taxonomy.
select
    d.run_id,
    strftime(d.reported_at, '%Y-%m-%d %H:%M') as reported_at,
    d.assigned_count,
    d.assigned_none_share,
    d.is_refit_recommended,
    d.reason
from out.drift as d
where d.taxonomy_id = $taxonomy_id
order by d.reported_at desc, d.run_id asc
limit 1
