-- A page of the eligible prompts: which pass has marked them, and whether the first one lets them through to the second.
-- `passes` is null where the first pass has not marked; without a taxonomy, topics keep nobody from the second pass.
with judged as (
    select
        p.prompt_id,
        p.prompt,
        m.topic_id,
        a.outcome,
        a.score
    from core.eligible_prompts as p
    left join core.prompt_topics as m on p.prompt_id = m.prompt_id and m.taxonomy_id = $taxonomy_id
    left join core.annotations as a on p.prompt_id = a.prompt_id and a.annotator = $first
),

means as (
    select
        topic_id,
        avg(score) as mean_score
    from judged
    group by topic_id
)

select
    j.prompt_id,
    j.prompt,
    coalesce(j.outcome = 'ok', false) as has_first,
    coalesce(b.outcome = 'ok', false) as has_second,
    case
        when j.outcome is not null then coalesce(
            j.score >= $min_score
            and ($taxonomy_id = '' or (j.topic_id is not null and t.mean_score >= $min_topic_mean)),
            false
        )
    end as passes
from judged as j
left join means as t on j.topic_id = t.topic_id
left join core.annotations as b on j.prompt_id = b.prompt_id and b.annotator = $second
where j.prompt_id > $after
order by j.prompt_id
limit $rows
