create or replace view out.funnel as
select
    run_id,
    step,
    stage,
    reason,
    row_count,
    cast(sum(row_count) over (partition by run_id, step) as bigint) as rows_in
from core.funnel;

comment on view out.funnel is 'Rows kept and dropped at each stage of each run that came to a release.';
comment on column out.funnel.run_id is 'The run.';
comment on column out.funnel.step is 'Number of the stage.';
comment on column out.funnel.stage is 'The stage.';
comment on column out.funnel.reason is 'kept, or why rows were dropped.';
comment on column out.funnel.row_count is 'Rows of this reason.';
comment on column out.funnel.rows_in is 'Rows that the stage got: the sum over its reasons.';
