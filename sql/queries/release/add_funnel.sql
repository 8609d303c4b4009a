-- Rows kept and rejected at each stage; the rows that one stage keeps are the rows that the next one gets.
insert into core.funnel (run_id, step, stage, reason, row_count)
with topical as (
    select
        m.prompt_id,
        m.topic_id,
        coalesce(s.reason, a.outcome, 'missing') as outcome
    from core.prompt_topics as m
    inner join core.eligible_prompts as e on m.prompt_id = e.prompt_id
    left join core.screenings as s on m.prompt_id = s.prompt_id and s.run_id = $run_id
    left join core.annotations as a on m.prompt_id = a.prompt_id and a.annotator = $annotator
    where m.taxonomy_id = $taxonomy_id
),

counted as (
    select
        1 as step,
        'ingest' as stage,
        'kept' as reason,
        count(*) as row_count
    from raw.conversations
    inner join raw.files using (file_id)
    union all
    select
        1 as step,
        'ingest' as stage,
        r.reason,
        count(*) as row_count
    from raw.rejects as r
    inner join raw.files using (file_id)
    group by r.reason
    union all
    select
        2 as step,
        'clean' as stage,
        coalesce(s.reject_reason, f.rule, 'kept') as reason,
        count(*) as row_count
    from core.sightings as s
    left join core.flags as f on s.prompt_id = f.prompt_id
    group by coalesce(s.reject_reason, f.rule, 'kept')
    union all
    select
        3 as step,
        'topics' as stage,
        if(topic_id is null, 'no_topic', 'kept') as reason,
        count(*) as row_count
    from topical
    group by if(topic_id is null, 'no_topic', 'kept')
    union all
    select
        4 as step,
        'annotate' as stage,
        if(outcome = 'ok', 'kept', outcome) as reason,
        count(*) as row_count
    from topical
    where topic_id is not null
    group by if(outcome = 'ok', 'kept', outcome)
    union all
    select
        5 as step,
        'select' as stage,
        coalesce(reject_reason, 'kept') as reason,
        count(*) as row_count
    from core.selections
    where run_id = $run_id
    group by coalesce(reject_reason, 'kept')
)

select
    $funnel_run_id,
    step,
    stage,
    reason,
    row_count
from counted
