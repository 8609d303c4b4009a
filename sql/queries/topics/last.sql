-- The last fit of a home. One of before the migration that added `fitted_at` comes after all others.
select
    taxonomy_id,
    embedder,
    dimensions,
    fitted_at
from core.taxonomies
order by fitted_at desc nulls last, taxonomy_id
limit 1
