select
    $key as id,
    count(*) filter (where s.role = 'new') || ' of ' || count(*) || ' prompts are new, asked for is a share of '
    || any_value(r.settings ->> '$.rotation.min_new_share') as detail
from core.selections as s
inner join core.rotations as o on s.run_id = o.run_id and o.base_id is not null
inner join core.runs as r on s.run_id = r.run_id
where s.run_id = $key and s.reject_reason is null
having count(*) filter (where s.role = 'new') < any_value((r.settings ->> '$.rotation.min_new_share')::double) * count(*) - 1e-9
