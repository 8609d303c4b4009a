create or replace view out.checks as
select
    run_id,
    boundary,
    check_name,
    severity,
    passed,
    unexpected_count,
    sample_ids,
    observed,
    checked_at
from core.checks;

comment on view out.checks is 'Every check at a stage boundary, passed or not.';
comment on column out.checks.run_id is 'The run.';
comment on column out.checks.boundary is 'The stage whose output was checked.';
comment on column out.checks.check_name is 'The check.';
comment on column out.checks.severity is 'critical stops the run, warning does not.';
comment on column out.checks.passed is 'Whether it held.';
comment on column out.checks.unexpected_count is 'Rows that break it.';
comment on column out.checks.sample_ids is 'Ids of some of these.';
comment on column out.checks.observed is 'What was found.';
comment on column out.checks.checked_at is 'When (UTC).';
