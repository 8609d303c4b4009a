with representatives as (
    select
        topic_id,
        keywords,
        unnest(representatives) as prompt_id,
        generate_subscripts(representatives, 1) as place
    from core.topics
    where taxonomy_id = $taxonomy_id
)

select
    r.topic_id,
    r.keywords,
    list(p.prompt order by r.place) as prompts
from representatives as r
inner join core.prompts as p on r.prompt_id = p.prompt_id
group by r.topic_id, r.keywords
order by r.topic_id
