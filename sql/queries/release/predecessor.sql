-- What a release is compared with: the latest one, else the one made before it, never itself.
select r.release_id
from core.releases as r
inner join core.release_states as s on r.release_id = s.release_id
inner join core.runs as u on r.run_id = u.run_id
where
    r.content_hash != $content_hash
    and (
        s.state = 'published'
        or u.started_at < coalesce(
            (
                select min(made.started_at)
                from core.releases as same
                inner join core.runs as made on same.run_id = made.run_id
                where same.content_hash = $content_hash
            ),
            'infinity'
        )
    )
order by if(s.state = 'published', s.position, null) desc nulls last, u.started_at desc, r.release_id desc
limit 1
