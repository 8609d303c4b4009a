-- Shares of a model's first pass that are further than 15 points from those published, over 200 prompts or more.
with marked as (
    select a.*
    from core.annotations as a
    inner join core.annotators as n on a.annotator = n.annotator and n.run_id = $run_id and n.pass = 1 and n.rubric_sha256 is not null
    inner join core.eligible_prompts as e on a.prompt_id = e.prompt_id
    where a.outcome = 'ok'
),

shares as (
    select
        count(*) as prompt_count,
        avg((score >= 1)::integer) as score_1_or_more,
        avg((score >= 2)::integer) as score_2_or_more,
        avg((score >= 3)::integer) as score_3_or_more,
        avg((score >= 4)::integer) as score_4_or_more,
        avg((score >= 5)::integer) as score_5_or_more,
        avg((score >= 6)::integer) as score_6_or_more,
        avg((score >= 7)::integer) as score_7,
        avg(specificity::integer) as specificity,
        avg(domain_knowledge::integer) as domain_knowledge,
        avg(complexity::integer) as complexity,
        avg(problem_solving::integer) as problem_solving,
        avg(creativity::integer) as creativity,
        avg(technical_accuracy::integer) as technical_accuracy,
        avg(real_world::integer) as real_world
    from marked
),

measured as (
    unpivot shares
    on columns(* exclude (prompt_count))
    into name measure value share
)

select
    m.measure as id,
    printf('%.1f %%, published %.1f %%', 100 * m.share, 100 * p.share) as detail
from measured as m
inner join core.published_shares as p on m.measure = p.measure
where m.prompt_count >= 200 and abs(m.share - p.share) > 0.15
order by m.measure
