create or replace view out.prompt_topics as
select
    m.taxonomy_id,
    m.prompt_id,
    m.topic_id,
    t.name as topic,
    m.assigned_by,
    m.similarity,
    1 - m.similarity as distance,
    m.run_id,
    m.x,
    m.y
from core.prompt_topics as m
left join core.topics as t on m.taxonomy_id = t.taxonomy_id and m.topic_id = t.topic_id;

comment on view out.prompt_topics is 'The place of each prompt in each taxonomy.';
comment on column out.prompt_topics.taxonomy_id is 'The taxonomy.';
comment on column out.prompt_topics.prompt_id is 'The prompt; one that was eligible when it was placed.';
comment on column out.prompt_topics.topic_id is 'Its topic; null for none.';
comment on column out.prompt_topics.topic is 'Name of its topic.';
comment on column out.prompt_topics.assigned_by is
'cluster (HDBSCAN), assigned (it was not in the fit), nearest or c_tf_idf (outliers, moved by distance or by words) or none.';
comment on column out.prompt_topics.similarity is 'Cosine to the centre of its topic.';
comment on column out.prompt_topics.distance is '1 - similarity.';
comment on column out.prompt_topics.run_id is 'The run that placed it; null for places older than this column.';
comment on column out.prompt_topics.x is 'Place on the topic map.';
comment on column out.prompt_topics.y is 'Place on the topic map.';
