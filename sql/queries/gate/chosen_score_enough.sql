with annotator as (
    select annotator from core.annotators
    where run_id = $key
    order by pass desc
    limit 1
)

select
    s.prompt_id as id,
    'score ' || coalesce(a.score::varchar, 'none') || ', at least '
    || (r.settings ->> '$.select.min_score') || ' asked for' as detail
from core.selections as s
inner join core.runs as r on s.run_id = r.run_id
left join annotator as n on true
left join core.annotations as a on s.prompt_id = a.prompt_id and n.annotator = a.annotator
where
    s.run_id = $key
    and s.reject_reason is null
    and (a.score is null or a.score < (r.settings ->> '$.select.min_score')::integer)
order by s.prompt_id
