create or replace view out.publications as
with standing as (
    select
        now.position,
        past.release_id,
        max_by(past.event, past.position) as event,
        max(past.position) as since
    from core.publications as now
    inner join core.publications as past on now.position >= past.position
    group by now.position, past.release_id
),

latest as (
    select
        position,
        max_by(release_id, since) as release_id
    from standing
    where event = 'published'
    group by position
)

select
    p.position,
    p.release_id,
    p.event,
    p.noted_at,
    p.run_id,
    l.release_id as latest_id
from core.publications as p
left join latest as l on p.position = l.position;

comment on view out.publications is 'What became of releases: each time that one was published or withdrawn.';
comment on column out.publications.position is 'Number of the event, from 1.';
comment on column out.publications.release_id is 'The release.';
comment on column out.publications.event is 'published (it became the latest) or withdrawn.';
comment on column out.publications.noted_at is 'When (UTC).';
comment on column out.publications.run_id is 'The run that did it.';
comment on column out.publications.latest_id is 'The release that was the latest from then on, until the next event.';
