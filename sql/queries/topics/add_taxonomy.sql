insert into core.taxonomies (taxonomy_id, embedder, settings, seed, library_versions)
values ($taxonomy_id, $embedder, $settings, $seed, $library_versions)
