-- A fit: `prompt_count` prompts were to be placed, of which it saw `fitted_count`. `parent_id` is the taxonomy
-- whose topic ids were carried over; null for the first of a home, and for fits of before this migration.
alter table core.taxonomies add column prompt_count bigint;
alter table core.taxonomies add column fitted_count bigint;
alter table core.taxonomies add column dimensions integer;
alter table core.taxonomies add column vectors_sha256 varchar;
alter table core.taxonomies add column parent_id varchar;
alter table core.taxonomies add column run_id varchar;
alter table core.taxonomies add column fitted_at timestamp;

-- The run that placed the prompt. `assigned_by` may also be 'assigned' (it was not in the fit: the nearest topic
-- within the limit) or 'c_tf_idf' (an outlier that was moved by its words).
alter table core.prompt_topics add column run_id varchar;

-- What the topics of a taxonomy are to those of its parent. `relation`: 'same', 'split', 'merged', 'new' (no
-- `parent_topic_id`) or 'gone' (no `topic_id`).
create table core.topic_lineage (
    taxonomy_id varchar not null,
    topic_id integer,
    parent_id varchar,
    parent_topic_id integer,
    relation varchar not null,
    similarity double,
    shared_count bigint not null
);

-- How far the prompts that a run found in a taxonomy without being in its fit differ from those of the fit.
create table core.drift (
    taxonomy_id varchar not null,
    run_id varchar not null,
    fitted_count bigint not null,
    assigned_count bigint not null,
    fitted_none_share double not null,
    assigned_none_share double not null,
    shift double not null,
    is_refit_recommended boolean not null,
    reason varchar not null,
    reported_at timestamp not null,
    primary key (taxonomy_id, run_id)
);

create table core.topic_drift (
    taxonomy_id varchar not null,
    run_id varchar not null,
    topic_id integer not null,
    fitted_count bigint not null,
    assigned_count bigint not null,
    fitted_share double not null,
    assigned_share double not null,
    ratio double,
    p_value double not null,
    trend varchar not null,
    primary key (taxonomy_id, run_id, topic_id)
);
