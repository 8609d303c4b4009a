-- Beside rel-1 of good_home.sql (prompts 0 to 19, two of each of ten topics), weeks later: rel-2 has 10 to 29, and rel-3
-- 20 to 29. Topic 0 has another name in rel-2, whose selection did not see prompts 0 to 3.
update core.runs set started_at = '2026-01-05 11:00', finished_at = '2026-01-05 12:00' where run_id = 'run-1';
insert into core.runs (run_id, flow, state, started_at, finished_at, settings)
select 'run-' || i, 'refresh', 'done', timestamp '2025-12-29 11:00' + to_days(7 * i),
    timestamp '2025-12-29 12:00' + to_days(7 * i), '{}'
from unnest([2, 3]) as t (i);
insert into core.releases
select 'rel-' || i, 'hash-' || i, 'run-' || i, date '2025-12-29' + (7 * i)::integer, 20, 10, '',
    timestamp '2025-12-29 12:00' + to_days(7 * i)
from unnest([2, 3]) as t (i);
insert into core.publications
select i, 'rel-' || i, 'published', timestamp '2025-12-29 12:00' + to_days(7 * i), 'run-' || i
from unnest([2, 3]) as t (i);
insert into core.release_prompts
select 'rel-2', 'uid-' || i, prompt_id(i), if(i < 28, i % 10, 0), if(i % 10 = 0 or i >= 28, 'renamed', 'x'),
    5, 'abcd', null
from range(10, 30) as t (i)
union all
select 'rel-3', 'uid-' || i, prompt_id(i), i % 10, 'x', 7, 'abcd', date '2026-01-10'
from range(20, 30) as t (i);
insert into core.annotators values ('run-2', 1, 'cheap', null), ('run-2', 2, 'heuristic-1', null);
insert into core.selections (run_id, prompt_id, topic_id, reject_reason, role)
select 'run-2', prompt_id(i), i % 10, if(i < 10, 'rotated_out', null),
    if(i < 10, null, if(i < 20, 'kept', 'new'))
from range(4, 30) as t (i);
insert into core.flags values (prompt_id(0), 'personal_data', 'email');
insert into core.screenings values ('run-2', prompt_id(1), 'low_first_score');
insert into core.contamination values (prompt_id(2), 'repeat_exact', 'list', '1', 1, '', 'run-2');

-- A run that failed, a day or two after rel-1, paid too; one call is since rel-3.
insert into core.llm_calls
select
    i::varchar, i::varchar, 'annotate', if(i in (1, 2), 'run-x', 'run-2'), 'e', 'm', 'sync', 1,
    if(i = 2, 'refused', 'ok'), '', '', 10, 0, 1, 0.5, 1, 1, timestamp '2026-01-05 11:30' + to_days(i)
from unnest([0, 1, 2, 7, 15]) as t (i);
