-- One call to a model, loaded from the journals. `key` is the hash of what was asked; its last call counts.
create table core.llm_calls (
    call_id varchar primary key,
    key varchar not null,
    stage varchar not null,
    run_id varchar not null,
    endpoint varchar not null,
    model varchar not null,
    mode varchar not null,
    round integer not null,
    outcome varchar not null,
    text varchar not null,
    error varchar not null,
    input_tokens bigint not null,
    cached_tokens bigint not null,
    output_tokens bigint not null,
    usd double not null,
    latency_seconds double not null,
    attempts integer not null,
    asked_at timestamp not null
);

-- Calls, with whether they came since the last run that ended well: what a budget counts. An estimate or a
-- calibration that ends well says nothing of the build that it was made between.
create view core.dated_calls as
select
    c.*,
    d.finished_at is null or c.asked_at > d.finished_at as is_new
from core.llm_calls as c
cross join (
    select max(finished_at) as finished_at from core.runs
    where state = 'done' and flow not in ('estimate', 'calibrate')
) as d;

-- How far each journal file was loaded.
create table core.journals (
    journal varchar primary key,
    byte_count bigint not null
);

-- Who annotated in a run, and by which rubric: pass 1 marks all prompts, pass 2 those that pass 1 lets through.
create table core.annotators (
    run_id varchar not null,
    pass integer not null,
    annotator varchar not null,
    rubric_sha256 varchar,
    primary key (run_id, pass)
);

-- Prompts that the first pass of a run kept from the second, and why.
create table core.screenings (
    run_id varchar not null,
    prompt_id varchar not null,
    reason varchar not null,
    primary key (run_id, prompt_id)
);

-- Shares that LMSYS published of GPT-3.5-Turbo's annotations of 75,000 Arena prompts (arXiv 2406.11939).
create table core.published_shares (
    measure varchar primary key,
    share double not null
);

insert into core.published_shares values
('score_1_or_more', 0.954),
('score_2_or_more', 0.835),
('score_3_or_more', 0.619),
('score_4_or_more', 0.487),
('score_5_or_more', 0.338),
('score_6_or_more', 0.179),
('score_7', 0.002),
('specificity', 0.573),
('domain_knowledge', 0.634),
('complexity', 0.350),
('problem_solving', 0.349),
('creativity', 0.261),
('technical_accuracy', 0.390),
('real_world', 0.879);

-- Who named a topic: 'keywords', or an endpoint's model.
alter table core.topics add column named_by varchar default 'keywords';

-- Eligible prompts that a run could not embed.
create table core.unembedded (
    run_id varchar not null,
    prompt_id varchar not null,
    primary key (run_id, prompt_id)
);

-- How the prompts of each pass of a run ended: pass 2 has only those that pass 1 let through.
create view core.pass_outcomes as
select
    n.run_id,
    n.pass,
    n.annotator,
    n.rubric_sha256,
    coalesce(a.outcome, 'missing') as outcome,
    count(*) as prompts
from core.annotators as n
cross join core.eligible_prompts as e
left join core.annotations as a on e.prompt_id = a.prompt_id and n.annotator = a.annotator
left join core.screenings as s on n.run_id = s.run_id and e.prompt_id = s.prompt_id
where n.pass = 1 or s.prompt_id is null
group by n.run_id, n.pass, n.annotator, n.rubric_sha256, coalesce(a.outcome, 'missing');
