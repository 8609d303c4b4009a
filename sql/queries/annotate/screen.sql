-- Which prompts the first pass keeps from the second. A topic's mean is over all its prompts that were marked.
insert into core.screenings (run_id, prompt_id, reason)
with judged as (
    select
        p.prompt_id,
        m.topic_id,
        coalesce(a.outcome, 'missing') as outcome,
        a.score
    from core.eligible_prompts as p
    left join core.prompt_topics as m on p.prompt_id = m.prompt_id and m.taxonomy_id = $taxonomy_id
    left join core.annotations as a on p.prompt_id = a.prompt_id and a.annotator = $annotator
),

means as (
    select
        topic_id,
        avg(score) as mean_score
    from judged
    group by topic_id
),

reasoned as (
    select
        j.prompt_id,
        case
            when j.outcome <> 'ok' then j.outcome
            when j.topic_id is null then 'no_topic'
            when j.score < $min_score then 'low_first_score'
            when t.mean_score < $min_topic_mean then 'weak_first_topic'
        end as reason
    from judged as j
    left join means as t on j.topic_id = t.topic_id
)

select
    $run_id,
    prompt_id,
    reason
from reasoned
where reason is not null
