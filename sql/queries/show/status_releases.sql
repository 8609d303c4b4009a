-- The latest release, and those that wait: a run came to them after the last publication, and after the release itself
-- was last published or withdrawn. `warnings`: of the gates that the run passed.
with made as (
    select
        release_id,
        max(started_at) as made_at,
        max_by(run_id, started_at) as run_id
    from core.runs
    where flow not in ('publish', 'withdraw')
    group by release_id
),

events as (
    select
        release_id,
        max(noted_at) as noted_at,
        max(noted_at) filter (where event = 'published') as published_at
    from core.publications
    group by release_id
)

select
    r.release_id,
    r.prompt_count,
    r.topic_count,
    r.state,
    r.is_latest,
    m.made_at,
    e.published_at,
    (select count(*) from core.checks as c where m.run_id = c.run_id and not c.passed and c.severity = 'warning') as warnings
from out.releases as r
left join made as m on r.release_id = m.release_id
left join events as e on r.release_id = e.release_id
where
    r.is_latest
    or m.made_at > greatest(coalesce(e.noted_at, '-infinity'), coalesce((select max(published_at) from events), '-infinity'))
order by r.is_latest desc, m.made_at desc, r.release_id
