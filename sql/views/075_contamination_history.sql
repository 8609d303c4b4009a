create or replace view out.contamination_history as
with latest as (
    select q.prompt_id
    from core.release_prompts as q
    inner join out.releases as r on q.release_id = r.release_id
    where r.is_latest
)

select
    c.run_id,
    r.started_at,
    c.kind,
    c.reference,
    count(*) as verdict_count,
    count(distinct c.prompt_id) as prompt_count,
    count(b.prompt_id) as barring_count,
    count(distinct l.prompt_id) as serving_count,
    max(c.similarity) as max_similarity
from core.contamination as c
left join core.runs as r on c.run_id = r.run_id
left join core.barring_verdicts as b on c.prompt_id = b.prompt_id and c.kind = b.kind and c.reference = b.reference
left join latest as l on c.prompt_id = l.prompt_id
group by c.run_id, r.started_at, c.kind, c.reference;

comment on view out.contamination_history is
'Contamination over time: what each run found, by kind and list. What was found under other settings of the screen is forgotten.';
comment on column out.contamination_history.run_id is
'The run that found it; stale, repeated_asker and template are counted anew in each run, so theirs is the last.';
comment on column out.contamination_history.started_at is 'When that began (UTC).';
comment on column out.contamination_history.kind is 'What is wrong, as in contamination.';
comment on column out.contamination_history.reference is 'The list or the release that is repeated; empty for what repeats none.';
comment on column out.contamination_history.verdict_count is 'Verdicts.';
comment on column out.contamination_history.prompt_count is 'Prompts that they are about.';
comment on column out.contamination_history.barring_count is 'Verdicts that keep their prompt out of a release.';
comment on column out.contamination_history.serving_count is 'Prompts of them that are in the latest release.';
comment on column out.contamination_history.max_similarity is 'The highest similarity among them; null where a kind has none.';
