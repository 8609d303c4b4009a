select
    topic_id as id,
    round(100 * count(*) / sum(count(*)) over (), 1) || ' % of the prompts with a topic' as detail
from core.prompt_topics
where taxonomy_id = $key and topic_id is not null
group by topic_id
qualify count(*) >= 0.3 * sum(count(*)) over ()
order by topic_id
