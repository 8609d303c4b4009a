create or replace view out.drift as
select
    taxonomy_id,
    run_id,
    reported_at,
    fitted_count,
    assigned_count,
    fitted_none_share,
    assigned_none_share,
    assigned_none_share - fitted_none_share as none_growth,
    shift,
    is_refit_recommended,
    reason
from core.drift;

comment on view out.drift is 'How far prompts that were assigned to a taxonomy differ from those it was fitted on.';
comment on column out.drift.taxonomy_id is 'The taxonomy.';
comment on column out.drift.run_id is 'The run that looked.';
comment on column out.drift.reported_at is 'When it looked (UTC).';
comment on column out.drift.fitted_count is 'Prompts of the fit.';
comment on column out.drift.assigned_count is 'Prompts assigned since the fit, by this and earlier runs.';
comment on column out.drift.fitted_none_share is 'Share of the prompts of the fit that are too far from every topic.';
comment on column out.drift.assigned_none_share is 'The same of the prompts assigned since.';
comment on column out.drift.none_growth is 'How much that share grew.';
comment on column out.drift.shift is
'Total variation distance between the shares of topics then and since, less what chance alone makes of it: 0 without drift, at most 1.';
comment on column out.drift.is_refit_recommended is 'Whether either is over its threshold, and beyond chance.';
comment on column out.drift.reason is 'Why, in one line with figures.';
