-- Of prompts with one skeleton the first seen stays.
insert into core.contamination (prompt_id, kind, reference, reference_id, evidence, run_id)
with members as (
    select
        e.prompt_id,
        count(*) over (partition by s.skeleton) as members,
        first_value(e.prompt_id) over (
            partition by s.skeleton
            order by e.first_seen_at nulls last, e.prompt_id
        ) as first_id
    from core.eligible_prompts as e
    inner join core.screened as s on e.prompt_id = s.prompt_id
    where s.skeleton is not null
)

select
    prompt_id,
    'template' as kind,
    '' as reference,
    first_id as reference_id,
    'one of ' || members || ' prompts that differ only in small parts' as evidence,
    $run_id
from members
where $template_prompts > 0 and members >= $template_prompts and prompt_id != first_id
