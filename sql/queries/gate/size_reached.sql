with sizes as (
    select
        (r.settings ->> '$.select.size')::bigint as asked,
        (select count(*) from core.selections where run_id = $key and reject_reason is null) as chosen
    from core.runs as r
    where r.run_id = $key
)

select
    $key as id,
    chosen || ' chosen of ' || asked || ' asked for' as detail
from sizes
where chosen < asked
