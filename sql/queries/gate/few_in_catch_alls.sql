with sizes as (
    select
        coalesce(sum(size) filter (where is_catch_all), 0) as caught,
        sum(size) as prompts
    from core.topics
    where taxonomy_id = $key
)

select
    $key as id,
    caught || ' of ' || prompts || ' prompts with a topic are in catch-alls' as detail
from sizes
where caught > 0.2 * prompts
