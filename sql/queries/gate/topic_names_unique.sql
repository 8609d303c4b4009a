-- Names are made of prompts' words, so they stay here: the numbers say which topics are meant.
select
    min(topic_id) as id,
    'shared by topics ' || string_agg(topic_id, ', ' order by topic_id) as detail
from core.topics
where taxonomy_id = $key
group by name
having count(*) > 1
order by id
