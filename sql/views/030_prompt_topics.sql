create or replace view out.prompt_topics as
select
    m.taxonomy_id,
    m.prompt_id,
    m.topic_id,
    t.name as topic,
    m.assigned_by,
    m.similarity,
    m.x,
    m.y
from core.prompt_topics as m
left join core.topics as t on m.taxonomy_id = t.taxonomy_id and m.topic_id = t.topic_id;

comment on view out.prompt_topics is 'The place of each prompt in each taxonomy.';
comment on column out.prompt_topics.taxonomy_id is 'The taxonomy.';
comment on column out.prompt_topics.prompt_id is 'The prompt.';
comment on column out.prompt_topics.topic_id is 'Its topic; null for none.';
comment on column out.prompt_topics.topic is 'Name of its topic.';
comment on column out.prompt_topics.assigned_by is 'cluster (HDBSCAN), nearest (an outlier moved to its nearest topic) or none.';
comment on column out.prompt_topics.similarity is 'Cosine to the centre of its topic.';
comment on column out.prompt_topics.x is 'Place on the topic map.';
comment on column out.prompt_topics.y is 'Place on the topic map.';
