create or replace view out.prompt_lifetimes as
with served as (
    select
        release_id,
        state,
        is_latest,
        published_at,
        row_number() over (order by published_at, release_id) as place
    from out.releases
    where published_at is not null
),

stays as (
    select
        q.prompt_id,
        arg_min(s.release_id, s.place) as first_release_id,
        arg_max(s.release_id, s.place) as last_release_id,
        min(s.published_at) as served_from,
        count(*) as release_count,
        bool_or(s.is_latest) as is_serving,
        arg_max(s.state, s.place) as last_state,
        max(s.place) as last_place,
        arg_max(q.topic_id, s.place) as topic_id,
        arg_max(q.topic, s.place) as topic,
        arg_max(q.score, s.place) as score,
        min(q.first_seen_on) as first_seen_on
    from core.release_prompts as q
    inner join served as s on q.release_id = s.release_id
    group by q.prompt_id
),

withdrawals as (
    select
        release_id,
        max(noted_at) as withdrawn_at
    from core.publications
    where event = 'withdrawn'
    group by release_id
),

ends as (
    select
        p.*,
        case when p.is_serving then null when p.last_state = 'withdrawn' then w.withdrawn_at else n.published_at end
            as served_until,
        case when p.is_serving then null when p.last_state = 'withdrawn' then 'withdrawn' else d.reason end as went_reason
    from stays as p
    left join withdrawals as w on p.last_release_id = w.release_id
    left join served as n on p.last_place + 1 = n.place
    left join out.release_diff as d
        on
            n.release_id = d.release_id
            and p.last_release_id = d.previous_id
            and p.prompt_id = d.prompt_id
            and d.change = 'went'
)

select
    prompt_id,
    first_release_id,
    last_release_id,
    release_count,
    first_seen_on,
    served_from,
    served_until,
    is_serving,
    date_diff('day', first_seen_on, served_from::date) as days_before,
    date_diff('hour', served_from, served_until) / 24 as days_served,
    went_reason,
    topic_id,
    topic,
    score
from ends;

comment on view out.prompt_lifetimes is
'Each prompt that was ever published: since when, in how many releases, until when, and why it went.';
comment on column out.prompt_lifetimes.prompt_id is 'The prompt.';
comment on column out.prompt_lifetimes.first_release_id is 'The first release that it was published in.';
comment on column out.prompt_lifetimes.last_release_id is 'The last one.';
comment on column out.prompt_lifetimes.release_count is 'In how many published releases it was, those withdrawn since included.';
comment on column out.prompt_lifetimes.first_seen_on is 'The day it was asked first (UTC), if known.';
comment on column out.prompt_lifetimes.served_from is 'When it was first published (UTC).';
comment on column out.prompt_lifetimes.served_until is
'When the release after its last one was published, or its last one withdrawn (UTC); null while it serves.';
comment on column out.prompt_lifetimes.is_serving is 'Whether it is in the latest release.';
comment on column out.prompt_lifetimes.days_before is 'Days from first_seen_on to served_from.';
comment on column out.prompt_lifetimes.days_served is 'Days from served_from to served_until; null while it serves.';
comment on column out.prompt_lifetimes.went_reason is
'Why it went, as in release_diff, or withdrawn with its last release; null while it serves, or where another was compared.';
comment on column out.prompt_lifetimes.topic_id is 'Its topic in its last release.';
comment on column out.prompt_lifetimes.topic is 'Name of that topic.';
comment on column out.prompt_lifetimes.score is 'Criteria it met in its last release.';
