create or replace view out.contamination as
select
    c.prompt_id,
    c.kind,
    c.reference,
    c.reference_id,
    c.similarity,
    c.evidence,
    b.prompt_id is not null as is_barring,
    c.run_id
from core.contamination as c
left join core.barring_verdicts as b
    on c.prompt_id = b.prompt_id and c.kind = b.kind and c.reference = b.reference;

comment on view out.contamination is 'Why prompts are not for a test set: a row a prompt, kind and what it repeats.';
comment on column out.contamination.prompt_id is 'The prompt.';
comment on column out.contamination.kind is 'repeat_* of a public test set, released_* of a release, stale, repeated_asker or template.';
comment on column out.contamination.reference is 'The list or the release that it repeats; empty for stale, repeated_asker and template.';
comment on column out.contamination.reference_id is 'The question there; for a template, the prompt that stays.';
comment on column out.contamination.similarity is 'Jaccard similarity (near) or cosine (semantic); null for others.';
comment on column out.contamination.evidence is 'What the verdict went by; never words of the prompt.';
comment on column out.contamination.is_barring is 'Whether it keeps the prompt out, unless what it repeats was never published.';
comment on column out.contamination.run_id is 'The run that came to the verdict.';
