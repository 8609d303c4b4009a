-- Why a prompt should not be in a test set, as the stage screen found. `reference` is the list or the release that
-- it repeats and `reference_id` the question there; for a template, the prompt that stays; else both are empty.
create table core.contamination (
    prompt_id varchar not null,
    kind varchar not null,
    reference varchar not null,
    reference_id varchar not null,
    similarity double,
    evidence varchar not null,
    run_id varchar not null,
    primary key (prompt_id, kind, reference)
);

-- Prompts that the stage screen knows, since which run, and what is left of the text without its small parts.
-- `is_screened`: it was compared under the recipe in core.recipes.
create table core.screened (
    prompt_id varchar primary key,
    first_run_id varchar not null,
    is_screened boolean not null,
    skeleton varchar
);

-- What a home knew before it was screened is not new beside its releases.
insert into core.screened (prompt_id, first_run_id, is_screened)
select
    prompt_id,
    run_id,
    false as is_screened
from core.eligible_prompts;

-- Verdicts that keep a prompt out of a release. A release that was never published gave nothing away.
create view core.barring_verdicts as
select
    c.prompt_id,
    c.kind,
    c.reference,
    list_position(
        [
            'repeat_exact', 'repeat_near', 'repeat_semantic', 'released_near', 'released_semantic', 'stale',
            'repeated_asker', 'template'
        ],
        c.kind
    ) as place
from core.contamination as c
left join core.releases as r on c.reference = r.release_id
where c.kind not in ('released_near', 'released_semantic') or r.published_at is not null;

-- The prompts that they keep out, each with the gravest kind.
create view core.contaminated_prompts as
select
    prompt_id,
    arg_min(kind, place) as kind
from core.barring_verdicts
group by prompt_id;
