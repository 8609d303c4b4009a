create or replace view out.taxonomies as
select
    x.taxonomy_id,
    x.fitted_at,
    x.run_id,
    x.parent_id,
    x.embedder,
    x.dimensions,
    x.seed,
    x.prompt_count,
    x.fitted_count,
    t.topic_count,
    m.placed_count,
    m.none_share,
    x.vectors_sha256,
    x.library_versions::varchar as library_versions,
    x.settings::varchar as settings
from core.taxonomies as x
left join (
    select
        taxonomy_id,
        count(*) as topic_count
    from core.topics
    group by taxonomy_id
) as t on x.taxonomy_id = t.taxonomy_id
left join (
    select
        taxonomy_id,
        count(*) as placed_count,
        avg((topic_id is null)::integer) as none_share
    from core.prompt_topics
    group by taxonomy_id
) as m on x.taxonomy_id = m.taxonomy_id;

comment on view out.taxonomies is 'Every fit of topics, and what it was made of.';
comment on column out.taxonomies.taxonomy_id is 'The fit: a hash of prompts, embedder, settings and seed.';
comment on column out.taxonomies.fitted_at is 'When it was made, or asked for again (UTC); null for fits older than this column.';
comment on column out.taxonomies.run_id is 'The run that fitted it.';
comment on column out.taxonomies.parent_id is 'The taxonomy whose topic ids were carried over; null for the first of a home.';
comment on column out.taxonomies.embedder is 'What made its vectors.';
comment on column out.taxonomies.dimensions is 'Length of a vector.';
comment on column out.taxonomies.seed is 'Seed of its random choices.';
comment on column out.taxonomies.prompt_count is 'Prompts there were when it was fitted.';
comment on column out.taxonomies.fitted_count is 'Of these, the prompts that the fit saw; fewer if it was on a sample.';
comment on column out.taxonomies.topic_count is 'Topics.';
comment on column out.taxonomies.placed_count is 'Prompts with a place in it by now, those of later runs included.';
comment on column out.taxonomies.none_share is 'Share of them without a topic.';
comment on column out.taxonomies.vectors_sha256 is 'SHA-256 over its prompts and their vectors.';
comment on column out.taxonomies.library_versions is 'Versions of the libraries that it was fitted with, as JSON.';
comment on column out.taxonomies.settings is 'Settings of the stage topics, as JSON.';
