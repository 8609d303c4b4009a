-- Each pass of the run: how its prompts ended, if too few of them are ok.
with counted as (
    select
        n.pass,
        n.annotator,
        coalesce(a.outcome, 'missing') as outcome,
        count(*) as times
    from core.annotators as n
    cross join core.eligible_prompts as e
    left join core.annotations as a on e.prompt_id = a.prompt_id and n.annotator = a.annotator
    left join core.screenings as s on n.run_id = s.run_id and e.prompt_id = s.prompt_id
    where n.run_id = $run_id and (n.pass = 1 or s.prompt_id is null)
    group by n.pass, n.annotator, coalesce(a.outcome, 'missing')
),

covered as (
    select
        pass,
        annotator,
        sum(times) as prompt_count,
        coalesce(sum(times) filter (where outcome = 'ok'), 0) / sum(times) as share,
        string_agg(times || ' ' || outcome, ', ' order by times desc, outcome asc) as outcomes
    from counted
    group by pass, annotator
)

select
    c.annotator as id,
    printf('%.1f %% ok of %d prompts: %s', 100 * c.share, c.prompt_count::bigint, c.outcomes) as detail
from covered as c
inner join core.runs as r on r.run_id = $run_id
where c.share < (r.settings ->> '$.annotate.min_coverage')::double
order by c.pass
