create or replace view out.topic_weeks as
with counted as (
    select
        m.taxonomy_id,
        date_trunc('week', p.first_seen_at)::date as week,
        m.topic_id,
        count(*) as prompt_count
    from core.prompt_topics as m
    inner join core.eligible_prompts as p on m.prompt_id = p.prompt_id
    where p.first_seen_at is not null
    group by m.taxonomy_id, date_trunc('week', p.first_seen_at)::date, m.topic_id
)

select
    c.taxonomy_id,
    c.week,
    c.topic_id,
    t.name as topic,
    c.prompt_count,
    c.prompt_count / sum(c.prompt_count) over (partition by c.taxonomy_id, c.week) as share
from counted as c
left join core.topics as t on c.taxonomy_id = t.taxonomy_id and c.topic_id = t.topic_id;

comment on view out.topic_weeks is 'Topics over time among all eligible prompts, by the week in which each was first seen.';
comment on column out.topic_weeks.taxonomy_id is 'The taxonomy.';
comment on column out.topic_weeks.week is 'Monday of the week (UTC).';
comment on column out.topic_weeks.topic_id is 'The topic; null for none.';
comment on column out.topic_weeks.topic is 'Its name.';
comment on column out.topic_weeks.prompt_count is 'Prompts first seen in the week.';
comment on column out.topic_weeks.share is 'Share of the prompts of the week, those without a topic included.';
