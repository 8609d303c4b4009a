-- What tells a good topic from a bad one: see tasks/topics/coherence.py and diagnosis.py. Null in taxonomies of
-- before this migration; `coherence` also where a topic has fewer than two keywords, `nearest_*` where it is the
-- only one.
alter table core.topics add column coherence double;
alter table core.topics add column tightness double;
alter table core.topics add column tightness_p10 double;
alter table core.topics add column nearest_topic_id integer;
alter table core.topics add column nearest_similarity double;
alter table core.topics add column is_catch_all boolean default false;

-- Pairs of topics that are nearly the same, each once: `topic_id` is the smaller one.
create table core.similar_topics (
    taxonomy_id varchar not null,
    topic_id integer not null,
    other_topic_id integer not null,
    similarity double not null,
    primary key (taxonomy_id, topic_id, other_topic_id)
);
