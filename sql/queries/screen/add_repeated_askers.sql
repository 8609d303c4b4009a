insert into core.contamination (prompt_id, kind, reference, reference_id, evidence, run_id)
with repeats as (
    select
        s.prompt_id,
        s.asker,
        count(*) as times
    from core.sightings as s
    inner join core.eligible_prompts as e on s.prompt_id = e.prompt_id
    where s.asker is not null
    group by s.prompt_id, s.asker
    having count(*) >= $asker_repeats
)

select
    prompt_id,
    'repeated_asker' as kind,
    '' as reference,
    '' as reference_id,
    'one asker sent it ' || max(times) || ' times' as evidence,
    $run_id
from repeats
where $asker_repeats > 0
group by prompt_id
