-- Each pass of the run: how its prompts ended, if too few of them are ok.
with covered as (
    select
        pass,
        annotator,
        sum(prompts) as prompt_count,
        coalesce(sum(prompts) filter (where outcome = 'ok'), 0) / sum(prompts) as share,
        string_agg(prompts || ' ' || outcome, ', ' order by prompts desc, outcome asc) as outcomes
    from core.pass_outcomes
    where run_id = $run_id
    group by pass, annotator
)

select
    c.annotator as id,
    printf('%.1f %% ok of %d prompts: %s', 100 * c.share, c.prompt_count::bigint, c.outcomes) as detail
from covered as c
inner join core.runs as r on r.run_id = $run_id
where c.share < (r.settings ->> '$.annotate.min_coverage')::double
order by c.pass
