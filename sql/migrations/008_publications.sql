-- What became of releases, in the order of `position`: `published` (it became the latest) or `withdrawn`. Events are
-- only ever added.
create table core.publications (
    position bigint primary key,
    release_id varchar not null,
    event varchar not null,
    noted_at timestamp not null,
    run_id varchar not null
);

-- Older homes know when a release was published first, and no more.
insert into core.publications (position, release_id, event, noted_at, run_id)
select
    row_number() over (order by published_at, release_id) as position,
    release_id,
    'published' as event,
    published_at,
    run_id
from core.releases
where published_at is not null;

-- Where each release stands by its last event, at `position`. Of those that are published, the last is the latest.
create view core.release_states as
select
    r.release_id,
    coalesce(max_by(p.event, p.position), 'candidate') as state,
    max(p.position) as position
from core.releases as r
left join core.publications as p on r.release_id = p.release_id
group by r.release_id;
