create or replace view out.similar_topics as
select
    s.taxonomy_id,
    s.topic_id,
    t.name as topic,
    s.other_topic_id,
    o.name as other_topic,
    s.similarity
from core.similar_topics as s
inner join core.topics as t on s.taxonomy_id = t.taxonomy_id and s.topic_id = t.topic_id
inner join core.topics as o on s.taxonomy_id = o.taxonomy_id and s.other_topic_id = o.topic_id;

comment on view out.similar_topics is 'Pairs of topics that are nearly the same, by their centres; each pair once.';
comment on column out.similar_topics.taxonomy_id is 'The taxonomy.';
comment on column out.similar_topics.topic_id is 'The topic of the smaller number.';
comment on column out.similar_topics.topic is 'Its name.';
comment on column out.similar_topics.other_topic_id is 'The other one.';
comment on column out.similar_topics.other_topic is 'Its name.';
comment on column out.similar_topics.similarity is 'Cosine of the two centres: 0.8 or more.';
