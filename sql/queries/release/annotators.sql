-- How the prompts of each pass of the run ended.
select
    n.pass,
    n.annotator,
    n.rubric_sha256,
    coalesce(a.outcome, 'missing') as outcome,
    count(*) as prompts
from core.annotators as n
cross join core.eligible_prompts as e
left join core.annotations as a on e.prompt_id = a.prompt_id and n.annotator = a.annotator
left join core.screenings as s on n.run_id = s.run_id and e.prompt_id = s.prompt_id
where n.run_id = $run_id and (n.pass = 1 or s.prompt_id is null)
group by n.pass, n.annotator, n.rubric_sha256, coalesce(a.outcome, 'missing')
order by n.pass, prompts desc, outcome
