create or replace view out.runs as
select
    run_id,
    flow,
    state,
    started_at,
    finished_at,
    date_diff('millisecond', started_at, finished_at) / 1000 as seconds,
    release_id,
    error,
    settings::varchar as settings
from core.runs;

comment on view out.runs is 'Every run on this home.';
comment on column out.runs.run_id is 'Id of the flow run in Prefect.';
comment on column out.runs.flow is 'The flow.';
comment on column out.runs.state is 'running, done, failed or interrupted.';
comment on column out.runs.started_at is 'When it began (UTC).';
comment on column out.runs.finished_at is 'When it ended (UTC).';
comment on column out.runs.seconds is 'How long it took.';
comment on column out.runs.release_id is 'The release it came to, if it did.';
comment on column out.runs.error is 'Why it failed, in one line.';
comment on column out.runs.settings is 'What it was told, as JSON.';
