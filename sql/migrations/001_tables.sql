create schema raw;
create schema core;
create schema out;

-- A source file that was read to its end. `version` is an ETag, or the SHA-256 of a local file.
create table raw.files (
    file_id varchar primary key,
    url varchar not null,
    size bigint not null,
    version varchar not null,
    row_count bigint not null,
    reject_count bigint not null,
    run_id varchar not null,
    read_at timestamp not null
);

-- One conversation of a source, as read: `prompt` is its first user turn.
create table raw.conversations (
    file_id varchar not null,
    position bigint not null,
    schema_name varchar not null,
    source_id varchar,
    asked_at timestamp,
    asker varchar,
    prompt varchar not null,
    turn_count integer not null,
    language varchar,
    is_toxic boolean not null,
    has_image boolean not null
);

-- A record that could not be read. `position` is the line of JSONL, else the number of the record.
create table raw.rejects (
    file_id varchar not null,
    position bigint not null,
    reason varchar not null,
    detail varchar not null
);

-- One distinct prompt: `prompt_id` is the hash of the normalised text.
create table core.prompts (
    prompt_id varchar primary key,
    prompt varchar not null,
    char_count integer not null,
    language varchar,
    first_seen_at timestamp,
    run_id varchar not null
);

-- Each conversation as a sighting of a prompt. `reject_reason`: why this sighting made no new prompt, if so.
create table core.sightings (
    file_id varchar not null,
    position bigint not null,
    prompt_id varchar not null,
    asked_at timestamp,
    asker varchar,
    reject_reason varchar
);

-- Why a prompt is not eligible; a prompt without a flag is.
create table core.flags (
    prompt_id varchar not null,
    rule varchar not null,
    evidence varchar not null
);

create view core.eligible_prompts as
select p.*
from core.prompts as p
anti join core.flags as f on p.prompt_id = f.prompt_id;

create table core.vectors (
    embedder varchar not null,
    shard varchar not null,
    row_count bigint not null,
    dimensions integer not null,
    primary key (embedder, shard)
);

create table core.taxonomies (
    taxonomy_id varchar primary key,
    embedder varchar not null,
    settings json not null,
    seed bigint not null,
    library_versions json not null
);

create table core.topics (
    taxonomy_id varchar not null,
    topic_id integer not null,
    name varchar not null,
    keywords varchar[] not null,
    size integer not null,
    core_size integer not null,
    representatives varchar[] not null,
    x double not null,
    y double not null,
    primary key (taxonomy_id, topic_id)
);

-- The hierarchy: leaves are topics, an inner node joins its two children at `distance`.
create table core.topic_tree (
    taxonomy_id varchar not null,
    node_id integer not null,
    parent_id integer,
    topic_id integer,
    name varchar not null,
    distance double not null,
    topic_count integer not null,
    primary key (taxonomy_id, node_id)
);

-- `assigned_by`: 'cluster' (HDBSCAN), 'nearest' (an outlier moved to its nearest topic) or 'none' (no topic).
create table core.prompt_topics (
    taxonomy_id varchar not null,
    prompt_id varchar not null,
    topic_id integer,
    assigned_by varchar not null,
    similarity double,
    x double not null,
    y double not null,
    primary key (taxonomy_id, prompt_id)
);

create table core.annotations (
    prompt_id varchar not null,
    annotator varchar not null,
    outcome varchar not null,
    specificity boolean,
    domain_knowledge boolean,
    complexity boolean,
    problem_solving boolean,
    creativity boolean,
    technical_accuracy boolean,
    real_world boolean,
    score integer,
    raw varchar not null,
    primary key (prompt_id, annotator)
);

-- What a run's selection thought of each topic.
create table core.topic_scores (
    run_id varchar not null,
    taxonomy_id varchar not null,
    topic_id integer not null,
    name varchar not null,
    mean_score double,
    annotated_count integer not null,
    passing_count integer not null,
    is_eligible boolean not null,
    is_chosen boolean not null,
    primary key (run_id, topic_id)
);

-- What a run's selection did with each prompt: `reject_reason` is null for the chosen.
create table core.selections (
    run_id varchar not null,
    prompt_id varchar not null,
    topic_id integer,
    reject_reason varchar,
    primary key (run_id, prompt_id)
);

-- A release is a candidate until it is published.
create table core.releases (
    release_id varchar primary key,
    content_hash varchar not null,
    run_id varchar not null,
    released_on date not null,
    prompt_count integer not null,
    topic_count integer not null,
    location varchar not null,
    published_at timestamp
);

create table core.release_prompts (
    release_id varchar not null,
    uid varchar not null,
    prompt_id varchar not null,
    topic_id integer not null,
    topic varchar not null,
    score integer not null,
    prompt varchar not null,
    first_seen_on date,
    primary key (release_id, uid)
);

create table core.runs (
    run_id varchar primary key,
    flow varchar not null,
    state varchar not null,
    started_at timestamp not null,
    finished_at timestamp,
    settings json not null,
    release_id varchar,
    error varchar
);

create table core.funnel (
    run_id varchar not null,
    step integer not null,
    stage varchar not null,
    reason varchar,
    row_count bigint not null
);

create table core.checks (
    run_id varchar not null,
    boundary varchar not null,
    check_name varchar not null,
    severity varchar not null,
    passed boolean not null,
    unexpected_count bigint not null,
    sample_ids varchar[] not null,
    observed varchar not null,
    checked_at timestamp not null
);

-- How a stage's rows were made: the version of its code and its settings. Another recipe makes them again.
create table core.recipes (
    stage varchar primary key,
    recipe varchar not null
);
