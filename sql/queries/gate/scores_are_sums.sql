with counted as (
    select
        prompt_id,
        score,
        specificity::integer + domain_knowledge::integer + complexity::integer + problem_solving::integer
        + creativity::integer + technical_accuracy::integer + real_world::integer as criteria
    from core.annotations
    where annotator = $key and outcome = 'ok'
)

select
    prompt_id as id,
    'score ' || coalesce(score::varchar, 'none') || ' with ' || coalesce(criteria::varchar, 'unknown')
    || ' criteria' as detail
from counted
where score is distinct from criteria
order by prompt_id
