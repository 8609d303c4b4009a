insert or replace into core.drift (
    taxonomy_id,
    run_id,
    fitted_count,
    assigned_count,
    fitted_none_share,
    assigned_none_share,
    shift,
    is_refit_recommended,
    reason,
    reported_at
)
values (
    $taxonomy_id,
    $run_id,
    $fitted_count,
    $assigned_count,
    $fitted_none_share,
    $assigned_none_share,
    $shift,
    $is_refit_recommended,
    $reason,
    $now
)
