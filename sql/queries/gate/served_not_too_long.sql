with served as (
    select
        v.prompt_id,
        count(distinct v.data_sha256) as releases
    from core.services as v
    inner join core.rotations as o on o.run_id = $key and v.data_sha256 != o.data_sha256
    where v.state != 'candidate' or v.release_id = o.base_id
    group by v.prompt_id
)

select
    s.prompt_id as id,
    v.releases + 1 || ' releases, ' || (r.settings ->> '$.rotation.max_releases') || ' allowed' as detail
from core.selections as s
inner join core.runs as r on s.run_id = r.run_id
inner join served as v on s.prompt_id = v.prompt_id
where
    s.run_id = $key
    and s.reject_reason is null
    and s.role != 'anchor'
    and (r.settings ->> '$.rotation.flows') = 'all'
    and (r.settings ->> '$.rotation.max_releases')::integer between 1 and v.releases
order by s.prompt_id
