-- Each release with where it stands; `is_passed`: a run whose gate let it through came to it. The latest comes first.
select
    r.release_id,
    r.content_hash,
    r.prompt_count,
    s.state,
    r.release_id in (select release_id from core.runs where release_id is not null) as is_passed
from core.releases as r
inner join core.release_states as s on r.release_id = s.release_id
order by s.state != 'published', s.position desc nulls last, r.release_id desc
