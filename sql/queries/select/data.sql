-- What is to be drawn of, in one name: that of the last draw if each prompt was there then, however its file has changed
-- (of a release older than rotations, its id); else the hash of all source files.
with last_draw as (
    select
        s.run_id,
        any_value(coalesce(o.data_sha256, r.release_id)) as data_sha256
    from core.selections as s
    inner join core.runs as u on s.run_id = u.run_id
    left join core.rotations as o on s.run_id = o.run_id
    left join core.releases as r on s.run_id = r.run_id
    where s.run_id != $run_id and coalesce(o.data_sha256, r.release_id) is not null
    group by s.run_id
    order by max(u.started_at) desc, s.run_id desc
    limit 1
),

files as (
    select sha256(coalesce(string_agg(file_id, ' ' order by file_id), '')) as data_sha256
    from raw.files
)

select
    if(
        exists (select 1 from last_draw)
        and not exists (
            select 1
            from scored as p
            anti join core.selections as s
                on p.prompt_id = s.prompt_id and s.run_id = (select l.run_id from last_draw as l)
        ),
        (select l.data_sha256 from last_draw as l),
        f.data_sha256
    ) as data_sha256
from files as f
