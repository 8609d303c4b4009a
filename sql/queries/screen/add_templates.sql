-- Of prompts that have a shape in common the first seen stays.
insert into core.contamination (prompt_id, kind, reference, reference_id, evidence, run_id)
with shaped as (
    select
        e.prompt_id,
        e.first_seen_at,
        unnest(s.shapes) as shape
    from core.eligible_prompts as e
    inner join core.screened as s on e.prompt_id = s.prompt_id
    where $template_prompts > 0
),

templates as (
    select
        shape,
        count(*) as members,
        arg_min(prompt_id, (coalesce(first_seen_at, 'infinity'::timestamp), prompt_id)) as first_id
    from shaped
    group by shape
    having count(*) >= $template_prompts
)

select
    s.prompt_id,
    'template' as kind,
    '' as reference,
    arg_max(t.first_id, (t.members, t.first_id)) as reference_id,
    'one of ' || max(t.members) || ' prompts that differ only in small parts' as evidence,
    $run_id
from shaped as s
inner join templates as t on s.shape = t.shape
where s.prompt_id != t.first_id
group by s.prompt_id
