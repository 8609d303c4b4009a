create or replace view out.release_topics as
with counted as (
    select
        release_id,
        topic_id,
        any_value(topic) as topic,
        count(*) as prompt_count,
        count(*) / sum(count(*)) over (partition by release_id) as share,
        avg(score) as mean_score
    from core.release_prompts
    group by release_id, topic_id
),

-- What a release has, and with a share of 0 what only the one before it had.
topics as (
    select
        release_id,
        topic_id
    from counted
    union
    select
        p.release_id,
        c.topic_id
    from core.release_pairs as p
    inner join counted as c on p.previous_id = c.release_id
)

select
    t.release_id,
    r.released_on,
    p.previous_id,
    t.topic_id,
    coalesce(n.topic, o.topic) as topic,
    o.topic as previous_topic,
    coalesce(n.prompt_count, 0) as prompt_count,
    coalesce(n.share, 0) as share,
    if(p.previous_id is null, null, coalesce(o.share, 0)) as previous_share,
    coalesce(n.share, 0) - if(p.previous_id is null, null, coalesce(o.share, 0)) as shift,
    n.mean_score,
    o.mean_score as previous_mean_score
from topics as t
inner join core.releases as r on t.release_id = r.release_id
left join core.release_pairs as p on t.release_id = p.release_id
left join counted as n on t.release_id = n.release_id and t.topic_id = n.topic_id
left join counted as o on p.previous_id = o.release_id and t.topic_id = o.topic_id;

comment on view out.release_topics is
'Topics over time: what each had in each release, beside the release before; one that is only in that has a share of 0.';
comment on column out.release_topics.release_id is 'The release.';
comment on column out.release_topics.released_on is 'Its date.';
comment on column out.release_topics.previous_id is 'The release it is compared with, as in release_diff; null for the first.';
comment on column out.release_topics.topic_id is 'The topic; it keeps its id when it is renamed and when topics are fitted again.';
comment on column out.release_topics.topic is 'Its name in the release, or in the one before.';
comment on column out.release_topics.previous_topic is 'Its name in the one before; null if it was not in it.';
comment on column out.release_topics.prompt_count is 'Questions of it.';
comment on column out.release_topics.share is 'Share of the questions of the release.';
comment on column out.release_topics.previous_share is 'Share of those of the one before.';
comment on column out.release_topics.shift is 'share less previous_share.';
comment on column out.release_topics.mean_score is 'Mean score of its questions.';
comment on column out.release_topics.previous_mean_score is 'Mean score of those in the one before.';
