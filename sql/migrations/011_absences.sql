-- Prompts of releases that a run's selection did not look at, and why: a rule of clean, the first pass of annotate, or
-- else a verdict of the screen. 'not_eligible': none of these; it has no topic, or no annotation that is ok.
create view core.absences as
with served as (
    select distinct prompt_id from core.release_prompts
),

drawn as (
    select distinct run_id from core.selections
)

select
    d.run_id,
    p.prompt_id,
    coalesce(f.rule, e.reason, c.kind, 'not_eligible') as reason
from drawn as d
cross join served as p
anti join core.selections as s on d.run_id = s.run_id and p.prompt_id = s.prompt_id
left join core.flags as f on p.prompt_id = f.prompt_id
left join core.screenings as e on d.run_id = e.run_id and p.prompt_id = e.prompt_id
left join core.contaminated_prompts as c on p.prompt_id = c.prompt_id;
