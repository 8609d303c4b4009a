-- One taxonomy, or the last fit.
select
    x.taxonomy_id,
    x.embedder,
    strftime(x.fitted_at, '%Y-%m-%d %H:%M') as fitted_at,
    x.prompt_count,
    x.fitted_count,
    x.placed_count,
    x.topic_count
from out.taxonomies as x
where $taxonomy_id in ('', x.taxonomy_id)
order by x.fitted_at desc nulls last, x.taxonomy_id asc
limit 1
