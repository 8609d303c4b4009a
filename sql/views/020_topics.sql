create or replace view out.topics as
with last_selections as (
    select scores.*
    from core.topic_scores as scores
    inner join core.runs as r on scores.run_id = r.run_id
    qualify r.started_at = max(r.started_at) over (partition by scores.taxonomy_id)
),

chosen as (
    select
        run_id,
        topic_id,
        count(*) as chosen_count
    from core.selections
    where reject_reason is null
    group by run_id, topic_id
),

representatives as (
    select
        taxonomy_id,
        topic_id,
        unnest(representatives) as prompt_id,
        generate_subscripts(representatives, 1) as place
    from core.topics
),

-- A prompt that was flagged since the fit is none: its text may be someone's personal data.
examples as (
    select
        r.taxonomy_id,
        r.topic_id,
        list(p.prompt order by r.place) as examples
    from representatives as r
    inner join core.eligible_prompts as p on r.prompt_id = p.prompt_id
    group by r.taxonomy_id, r.topic_id
)

select
    t.taxonomy_id,
    t.topic_id,
    t.name,
    t.keywords,
    t.domain_id,
    d.name as domain,
    t.size,
    t.core_size,
    t.representatives,
    coalesce(e.examples, []) as examples,
    t.coherence,
    t.tightness,
    t.tightness_p10,
    t.nearest_topic_id,
    t.nearest_similarity,
    t.is_catch_all,
    s.mean_score,
    s.annotated_count,
    s.passing_count,
    s.passing_count / nullif(s.annotated_count, 0) as passing_share,
    if(s.run_id is null, null, coalesce(c.chosen_count, 0)) as chosen_count,
    s.is_eligible,
    s.is_chosen,
    t.x,
    t.y
from core.topics as t
inner join core.taxonomies as x on t.taxonomy_id = x.taxonomy_id
left join core.topic_tree as d on t.taxonomy_id = d.taxonomy_id and t.domain_id = d.node_id
left join examples as e on t.taxonomy_id = e.taxonomy_id and t.topic_id = e.topic_id
left join last_selections as s on t.taxonomy_id = s.taxonomy_id and t.topic_id = s.topic_id
left join chosen as c on s.run_id = c.run_id and s.topic_id = c.topic_id;

comment on view out.topics is 'Topics of every taxonomy; scores are those of its last selection.';
comment on column out.topics.taxonomy_id is 'The fit that the topic belongs to: a hash of prompts, embedder, settings and seed.';
comment on column out.topics.topic_id is 'Its number, which a refit keeps for a topic that goes on; in the first fit 0 is the largest.';
comment on column out.topics.name is 'Its first keywords, or what a model called it; unique in the taxonomy.';
comment on column out.topics.keywords is 'Up to ten words that say what it is about, the best first.';
comment on column out.topics.domain_id is 'The node of out.topic_tree that is its domain.';
comment on column out.topics.domain is 'Name of its domain.';
comment on column out.topics.size is 'Prompts in it.';
comment on column out.topics.core_size is 'Of these, the ones that HDBSCAN put there; the others came to it later.';
comment on column out.topics.representatives is 'Ids of the three prompts nearest to its centre.';
comment on column out.topics.examples is 'Their texts, of those that are eligible.';
comment on column out.topics.coherence is 'Mean NPMI of its keywords: 1 always together, 0 by chance, -1 never; null for under two.';
comment on column out.topics.tightness is 'Mean cosine of its core to its centre.';
comment on column out.topics.tightness_p10 is 'A tenth of its core is no nearer to its centre than this cosine.';
comment on column out.topics.nearest_topic_id is 'The other topic whose centre is nearest; null for the only one.';
comment on column out.topics.nearest_similarity is 'Cosine of the two centres.';
comment on column out.topics.is_catch_all is 'Much larger, looser and less coherent than most: it holds what fits nowhere else.';
comment on column out.topics.mean_score is 'Mean number of criteria met, over the population that the settings name.';
comment on column out.topics.annotated_count is 'Prompts that have a score.';
comment on column out.topics.passing_count is 'Prompts that reach the score asked for.';
comment on column out.topics.passing_share is 'Their share of those that have a score.';
comment on column out.topics.chosen_count is 'Prompts that went into the test set; null where nothing was selected yet.';
comment on column out.topics.is_eligible is 'Whether it could be drawn.';
comment on column out.topics.is_chosen is 'Whether it was drawn.';
comment on column out.topics.x is 'Place on the topic map: median over its core.';
comment on column out.topics.y is 'Place on the topic map: median over its core.';
