-- The release to rotate: the latest, else the last one made, but none that was drawn of the same files.
select
    r.release_id,
    r.content_hash
from core.releases as r
inner join core.release_states as l on r.release_id = l.release_id
left join core.rotations as o on r.run_id = o.run_id
left join core.runs as u on r.run_id = u.run_id
where l.state != 'withdrawn' and coalesce(o.data_sha256, r.release_id) != $data_sha256
order by l.state = 'published' desc, l.position desc nulls last, u.started_at desc, r.release_id desc
limit 1
