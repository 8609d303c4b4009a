-- A small home in which every check passes: 200 prompts, of which 150 are eligible, in 10 topics; 20 are released.
-- Whatever may hold words of a prompt says SENTINEL.
create temp macro prompt_id(i) as left(md5(i::varchar), 16);

insert into raw.files values ('f1', 's3://bucket/chats.jsonl', 9999, 'v1', 210, 5, 'run-1', now()::timestamp);

insert into raw.source_checks
values ('run-1', 's1', 's3://bucket', timestamp '2026-01-05 10:00:00', 'new', '', 1, 1, null, date '2026-01-04');

insert into raw.conversations
select 'f1', i, 'plain', null, null, null, 'SENTINEL prompt ' || i, 1, 'en', false, false
from range(210) as t (i);

insert into raw.rejects
select 'f1', 210 + i, 'wrong_type', 'SENTINEL in a broken record'
from range(5) as t (i);

insert into core.prompts
select prompt_id(i), 'SENTINEL prompt ' || i, 100 + i, 'en', null, 'run-1'
from range(200) as t (i);

insert into core.sightings
select 'f1', i, prompt_id(i % 200), null, null, if(i < 200, null, 'exact_duplicate')
from range(210) as t (i);

insert into core.flags
select prompt_id(i), if(i < 190, 'too_short', 'personal_data'), 'SENTINEL evidence'
from range(150, 200) as t (i);

insert into core.vectors values ('static', 'a.parquet', 100, 64), ('static', 'b.parquet', 50, 64);

insert into core.taxonomies
values ('tax-1', 'static', '{}', 42, '{}', 150, 150, 64, '00', null, 'run-1', timestamp '2026-01-05 11:00:00');

insert into core.topic_lineage (taxonomy_id, topic_id, relation, shared_count)
select 'tax-1', i, 'new', 0
from range(10) as t (i);

insert into core.topics (
    taxonomy_id, topic_id, name, keywords, size, core_size, representatives, x, y, named_by, domain_id
)
select 'tax-1', i, 'SENTINEL words ' || i, ['SENTINEL'], 15, 10, [prompt_id(i)], 0, 0, 'keywords', if(i < 9, 17, 9)
from range(10) as t (i);

insert into core.prompt_topics (taxonomy_id, prompt_id, topic_id, assigned_by, similarity, x, y, run_id)
select 'tax-1', prompt_id(i), i % 10, if(i < 100, 'cluster', 'nearest'), 0.5, 0, 0, 'run-1'
from range(150) as t (i);

-- Topic 0 and 1 join in node 10; each node after that joins the one before with the next topic.
insert into core.topic_tree
select 'tax-1', i, if(i = 18, null, if(i < 10, greatest(9 + i, 10), i + 1)), if(i < 10, i, null), 'SENTINEL', 1, 1
from range(19) as t (i);

insert into core.screened
select prompt_id(i), 'run-1', true, null
from range(150) as t (i);

insert into core.contamination values
(prompt_id(100), 'repeat_near', 'questions.jsonl', '81', 0.8, '0.8 of words and word pairs', 'run-1'),
(prompt_id(101), 'stale', '', '', null, 'first seen on 2024-01-01', 'run-1'),
(prompt_id(102), 'released_near', 'rel-1', 'uid-3', 0.9, '0.9 of words and word pairs', 'run-1');

insert into core.annotations
select prompt_id(i), 'heuristic-1', 'ok', true, true, true, true, true, true, false, 6, 'SENTINEL answer'
from range(149) as t (i);

insert into core.annotations (prompt_id, annotator, outcome, raw)
values (prompt_id(149), 'heuristic-1', 'refused', 'SENTINEL refusal');

insert into core.runs (run_id, flow, state, started_at, settings)
values (
    'run-1', 'build', 'running', now()::timestamp,
    '{"select": {"size": 20, "per_topic": 2, "min_score": 5}, "annotate": {"min_coverage": 0.98}, "screen": {"max_share": 0.25}, "rotation": {"flows": "all", "max_releases": 2, "min_new_share": 0.5}}'
);

insert into core.annotators values ('run-1', 1, 'heuristic-1', null);

insert into core.topic_scores
select 'run-1', 'tax-1', i, 'SENTINEL words ' || i, 6.0, 15, 15, true, true
from range(10) as t (i);

insert into core.selections (run_id, prompt_id, topic_id, reject_reason, role)
select 'run-1', prompt_id(i), i % 10, if(i < 20, null, 'topic_full'), if(i < 20, if(i < 4, 'kept', 'new'), null)
from range(149) as t (i);

insert into core.rotations values ('run-1', 'files-1', 'rel-0');

insert into core.releases
values ('rel-1', 'hash', 'run-1', date '2026-01-05', 20, 10, 'releases/rel-1', timestamp '2026-01-05 12:00:00');

insert into core.publications values (1, 'rel-1', 'published', timestamp '2026-01-05 12:00:00', 'run-1');

insert into core.release_prompts
select 'rel-1', 'uid-' || i, prompt_id(i), i % 10, 'SENTINEL words ' || i % 10, 6, 'SENTINEL prompt ' || i, null
from range(20) as t (i);
