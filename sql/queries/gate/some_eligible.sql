with drops as (
    select reject_reason as reason from core.sightings
    where reject_reason is not null
    union all
    select rule as reason from core.flags
),

commonest as (
    select
        reason,
        count(*) as times
    from drops
    group by reason
    order by times desc, reason asc
    limit 1
)

select
    coalesce(c.reason, 'nothing read') as id,
    'no prompt is eligible' || coalesce('; ' || c.times || ' were dropped as ' || c.reason, '') as detail
from (select count(*) as eligible from core.eligible_prompts) as e
left join commonest as c on true
where e.eligible = 0
