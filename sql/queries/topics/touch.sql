-- A fit that is asked for again is the last one.
update core.taxonomies
set fitted_at = $now
where taxonomy_id = $taxonomy_id
