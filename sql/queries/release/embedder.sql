select embedder from core.taxonomies where taxonomy_id = $taxonomy_id
