with counts as (
    select
        count(*) as prompts,
        count(c.prompt_id) as contaminated
    from core.eligible_prompts as e
    left join core.contaminated_prompts as c on e.prompt_id = c.prompt_id
)

select
    'all prompts' as id,
    c.contaminated || ' of ' || c.prompts || ' prompts have a verdict' as detail
from counts as c
inner join core.runs as r on r.run_id = $run_id
where c.contaminated > (r.settings ->> '$.screen.max_share')::double * c.prompts
