insert into core.taxonomies (
    taxonomy_id,
    embedder,
    settings,
    seed,
    library_versions,
    prompt_count,
    fitted_count,
    dimensions,
    vectors_sha256,
    parent_id,
    run_id,
    fitted_at
)
values (
    $taxonomy_id,
    $embedder,
    $settings,
    $seed,
    $library_versions,
    $prompt_count,
    $fitted_count,
    $dimensions,
    $vectors_sha256,
    $parent_id,
    $run_id,
    $now
)
