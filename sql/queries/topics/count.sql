select count(*) as row_count from core.topics where taxonomy_id = $taxonomy_id
