create or replace view out.release_history as
with changes as (
    select
        release_id,
        any_value(previous_id) as previous_id,
        count(*) filter (where change = 'came') as came_count,
        count(*) filter (where change = 'stayed') as stayed_count,
        count(*) filter (where change = 'went') as went_count
    from out.release_diff
    group by release_id
),

shifts as (
    select
        release_id,
        sum(abs(shift)) / 2 as topics_shift
    from out.release_topics
    group by release_id
),

prompts as (
    select
        p.release_id,
        avg(p.score) as mean_score,
        median(length(p.prompt)) as median_char_count,
        median(date_diff('day', p.first_seen_on, r.released_on)) as median_age_days
    from core.release_prompts as p
    inner join core.releases as r on p.release_id = r.release_id
    group by p.release_id
)

select
    r.release_id,
    r.released_on,
    s.state,
    r.published_at,
    c.previous_id,
    r.prompt_count,
    r.topic_count,
    c.came_count,
    c.stayed_count,
    c.went_count,
    c.came_count / r.prompt_count as came_share,
    t.topics_shift,
    p.mean_score,
    p.median_char_count,
    p.median_age_days
from core.releases as r
inner join core.release_states as s on r.release_id = s.release_id
inner join prompts as p on r.release_id = p.release_id
left join changes as c on r.release_id = c.release_id
left join shifts as t on r.release_id = t.release_id;

comment on view out.release_history is 'Releases over time: how many questions changed in each, and what they are like.';
comment on column out.release_history.release_id is 'The release.';
comment on column out.release_history.released_on is 'Its date.';
comment on column out.release_history.state is 'candidate (never published), published or withdrawn.';
comment on column out.release_history.published_at is 'When it first became the latest (UTC); null for a candidate.';
comment on column out.release_history.previous_id is 'The release it is compared with, as in release_diff; null for the first.';
comment on column out.release_history.prompt_count is 'Questions in it.';
comment on column out.release_history.topic_count is 'Topics in it.';
comment on column out.release_history.came_count is 'Questions that are not in the one before.';
comment on column out.release_history.stayed_count is 'Questions that are in both.';
comment on column out.release_history.went_count is 'Questions that are only in the one before.';
comment on column out.release_history.came_share is 'Share of its questions that came.';
comment on column out.release_history.topics_shift is
'Total variation distance between the shares of topics in both: 0 if they are the same, at most 1.';
comment on column out.release_history.mean_score is 'Mean number of criteria that its questions meet.';
comment on column out.release_history.median_char_count is 'Median length of a question in characters.';
comment on column out.release_history.median_age_days is
'Median days from when a question was first seen to the release, of those with a date.';
