create or replace view out.release_criteria as
with annotators as (
    select
        run_id,
        max_by(annotator, pass) as annotator
    from core.annotators
    group by run_id
),

marked as (
    select
        q.release_id,
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
        ]) as is_met
    from core.release_prompts as q
    inner join core.releases as r on q.release_id = r.release_id
    inner join annotators as n on r.run_id = n.run_id
    inner join core.annotations as a on q.prompt_id = a.prompt_id and n.annotator = a.annotator
    where a.outcome = 'ok'
),

shares as (
    select
        release_id,
        criterion,
        count(*) as prompt_count,
        avg(is_met::integer) as share
    from marked
    group by release_id, criterion
)

select
    s.release_id,
    r.released_on,
    s.criterion,
    s.prompt_count,
    s.share,
    p.previous_id,
    o.share as previous_share,
    s.share - o.share as shift
from shares as s
inner join core.releases as r on s.release_id = r.release_id
left join core.release_pairs as p on s.release_id = p.release_id
left join shares as o on p.previous_id = o.release_id and s.criterion = o.criterion;

comment on view out.release_criteria is
'Criteria over time: the share of each release''s questions that meets each, beside the release before.';
comment on column out.release_criteria.release_id is 'The release.';
comment on column out.release_criteria.released_on is 'Its date.';
comment on column out.release_criteria.criterion is 'One of the seven criteria.';
comment on column out.release_criteria.prompt_count is 'Its questions that the annotator of its run marked.';
comment on column out.release_criteria.share is 'Share of these that meets the criterion.';
comment on column out.release_criteria.previous_id is 'The release it is compared with, as in release_diff; null for the first.';
comment on column out.release_criteria.previous_share is 'The same share in that.';
comment on column out.release_criteria.shift is 'share less previous_share.';
