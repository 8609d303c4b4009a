create or replace view out.test_set as
select
    r.release_id,
    q.released_on,
    r.uid,
    r.topic,
    r.score,
    p.prompt,
    p.first_seen_at
from core.release_prompts as r
inner join core.releases as q on r.release_id = q.release_id
inner join core.prompts as p on r.prompt_id = p.prompt_id;

comment on view out.test_set is 'The questions of every release.';
comment on column out.test_set.release_id is 'The release.';
comment on column out.test_set.released_on is 'Its date.';
comment on column out.test_set.uid is 'Id of the question, which is the id of its prompt.';
comment on column out.test_set.topic is 'Name of its topic when it was released.';
comment on column out.test_set.score is 'Criteria it met when it was released.';
comment on column out.test_set.prompt is 'The question.';
comment on column out.test_set.first_seen_at is 'When it was asked first (UTC), if known.';
