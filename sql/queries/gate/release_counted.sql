with found as (
    select
        count(*) as prompts,
        count(distinct topic_id) as topics
    from core.release_prompts
    where release_id = $key
)

select
    $key as id,
    found.prompts || ' prompts of ' || coalesce(r.prompt_count::varchar, 'unknown') || ', '
    || found.topics || ' topics of ' || coalesce(r.topic_count::varchar, 'unknown') as detail
from found
left join core.releases as r on r.release_id = $key
where r.prompt_count is distinct from found.prompts or r.topic_count is distinct from found.topics
