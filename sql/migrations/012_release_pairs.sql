-- What each release is compared with: the one that was the latest when it was made, or else the one made before it. The
-- first has none.
create view core.release_pairs as
with made as (
    select
        r.release_id,
        r.run_id,
        u.started_at as made_at
    from core.releases as r
    inner join core.runs as u on r.run_id = u.run_id
),

-- Where the other releases stood when each was made.
standing as (
    select
        m.release_id,
        p.release_id as other_id,
        max_by(p.event, p.position) = 'published' as is_published,
        max(p.position) as position
    from made as m
    inner join core.publications as p on m.release_id != p.release_id and m.made_at > p.noted_at
    group by m.release_id, p.release_id
)

select
    m.release_id,
    m.run_id,
    o.release_id as previous_id
from made as m
inner join made as o on m.made_at > o.made_at
left join standing as s on m.release_id = s.release_id and o.release_id = s.other_id
qualify row_number() over (
    partition by m.release_id
    order by if(s.is_published, s.position, null) desc nulls last, o.made_at desc, o.release_id desc
) = 1;
