create or replace view out.topics as
select
    t.taxonomy_id,
    t.topic_id,
    t.name,
    t.keywords,
    t.size,
    t.core_size,
    t.representatives,
    s.mean_score,
    s.passing_count,
    s.is_eligible,
    s.is_chosen,
    t.x,
    t.y
from core.topics as t
inner join core.taxonomies as x on t.taxonomy_id = x.taxonomy_id
left join (
    select scores.*
    from core.topic_scores as scores
    inner join core.runs as r on scores.run_id = r.run_id
    qualify r.started_at = max(r.started_at) over (partition by scores.taxonomy_id)
) as s on t.taxonomy_id = s.taxonomy_id and t.topic_id = s.topic_id;

comment on view out.topics is 'Topics of every taxonomy; scores are those of its last selection.';
comment on column out.topics.taxonomy_id is 'The fit that the topic belongs to: a hash of prompts, embedder, settings and seed.';
comment on column out.topics.topic_id is 'Number in its taxonomy, 0 for the largest cluster.';
comment on column out.topics.name is 'Its first keywords, unique in the taxonomy.';
comment on column out.topics.keywords is 'The ten words that set it apart, by c-TF-IDF over its final members.';
comment on column out.topics.size is 'Prompts in it.';
comment on column out.topics.core_size is 'Of these, the ones that HDBSCAN put there; the rest were outliers, moved to the nearest topic.';
comment on column out.topics.representatives is 'Ids of the three prompts nearest to its centre.';
comment on column out.topics.mean_score is 'Mean number of criteria met, over the population that the settings name.';
comment on column out.topics.passing_count is 'Prompts that reach the score asked for.';
comment on column out.topics.is_eligible is 'Whether it could be drawn.';
comment on column out.topics.is_chosen is 'Whether it was drawn.';
comment on column out.topics.x is 'Place on the topic map: median over its core.';
comment on column out.topics.y is 'Place on the topic map: median over its core.';
