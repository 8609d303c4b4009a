with counts as (
    select
        (select count(*) from core.flags where rule = 'not_embedded') as refused,
        (select count(*) from core.eligible_prompts) as eligible
)

select
    'all prompts' as id,
    refused || ' were refused, ' || eligible || ' are left' as detail
from counts
where refused > 0.02 * (refused + eligible)
