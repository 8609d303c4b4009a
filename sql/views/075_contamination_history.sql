create or replace view out.contamination_history as
select
    c.run_id,
    r.started_at,
    c.kind,
    c.reference,
    c.prompt_count,
    c.barring_count
from core.contamination_counts as c
left join core.runs as r on c.run_id = r.run_id;

comment on view out.contamination_history is
'Contamination over time: how many prompts had a verdict when a run had screened them, by kind and by what they repeat.';
comment on column out.contamination_history.run_id is 'The run.';
comment on column out.contamination_history.started_at is 'When it began (UTC).';
comment on column out.contamination_history.kind is 'What is wrong, as in contamination.';
comment on column out.contamination_history.reference is 'The list or the release that is repeated; empty for what repeats none.';
comment on column out.contamination_history.prompt_count is 'Prompts with such a verdict, from this run or an earlier one.';
comment on column out.contamination_history.barring_count is 'Those that it keeps out of a release.';
