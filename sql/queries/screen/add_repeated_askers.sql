-- A conversation that several files have was sent once: a source may be delivered again, under another name or grown.
-- So askings are told apart by their times, and where these say less, by their places in one file.
insert into core.contamination (prompt_id, kind, reference, reference_id, evidence, run_id)
with sendings as (
    select
        s.prompt_id,
        s.asker,
        s.asked_at,
        count(*) over (partition by s.prompt_id, s.asker, s.file_id) as in_file
    from core.sightings as s
    inner join core.eligible_prompts as e on s.prompt_id = e.prompt_id
    where s.asker is not null
),

repeats as (
    select
        prompt_id,
        asker,
        greatest(count(distinct asked_at), max(in_file)) as times
    from sendings
    group by prompt_id, asker
    having greatest(count(distinct asked_at), max(in_file)) >= $asker_repeats
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
