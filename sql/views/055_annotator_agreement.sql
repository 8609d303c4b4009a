create or replace view out.annotator_agreement as
with pairs as (
    select
        a.annotator,
        b.annotator as other_annotator,
        unnest([
            'specificity',
            'domain_knowledge',
            'complexity',
            'problem_solving',
            'creativity',
            'technical_accuracy',
            'real_world'
        ]) as criterion,
        unnest([
            a.specificity,
            a.domain_knowledge,
            a.complexity,
            a.problem_solving,
            a.creativity,
            a.technical_accuracy,
            a.real_world
        ]) as ours,
        unnest([
            b.specificity,
            b.domain_knowledge,
            b.complexity,
            b.problem_solving,
            b.creativity,
            b.technical_accuracy,
            b.real_world
        ]) as theirs
    from core.annotations as a
    inner join core.annotations as b on a.prompt_id = b.prompt_id and a.annotator < b.annotator
    where a.outcome = 'ok' and b.outcome = 'ok'
),

shares as (
    select
        annotator,
        other_annotator,
        criterion,
        count(*) as prompt_count,
        avg((ours = theirs)::integer) as agreement,
        avg(ours::integer) as share,
        avg(theirs::integer) as other_share
    from pairs
    group by annotator, other_annotator, criterion
),

chance as (
    select
        *,
        share * other_share + (1 - share) * (1 - other_share) as expected
    from shares
)

select
    annotator,
    other_annotator,
    criterion,
    prompt_count,
    agreement,
    (agreement - expected) / nullif(1 - expected, 0) as kappa,
    share,
    other_share
from chance;

comment on view out.annotator_agreement is 'How far each two annotators agree on the prompts that both marked.';
comment on column out.annotator_agreement.annotator is 'One annotator.';
comment on column out.annotator_agreement.other_annotator is 'The other; a second pass has only prompts that passed the first.';
comment on column out.annotator_agreement.criterion is 'The criterion.';
comment on column out.annotator_agreement.prompt_count is 'Prompts that both marked.';
comment on column out.annotator_agreement.agreement is 'Share of them on which both say the same.';
comment on column out.annotator_agreement.kappa is 'Cohen''s kappa: agreement beyond chance; null if there is only one answer.';
comment on column out.annotator_agreement.share is 'Share that meets it by the one.';
comment on column out.annotator_agreement.other_share is 'Share that meets it by the other.';
