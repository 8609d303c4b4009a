create or replace view out.test_set as
select
    r.release_id,
    q.released_on,
    r.uid,
    r.topic,
    r.score,
    r.prompt,
    r.first_seen_on,
    coalesce(s.role, 'new') as role
from core.release_prompts as r
inner join core.releases as q on r.release_id = q.release_id
left join core.selections as s on q.run_id = s.run_id and r.prompt_id = s.prompt_id
where q.published_at is not null;

comment on view out.test_set is 'The questions of every published release, as they were released.';
comment on column out.test_set.release_id is 'The release.';
comment on column out.test_set.released_on is 'Its date.';
comment on column out.test_set.uid is 'Id of the question, which is the id of its prompt.';
comment on column out.test_set.topic is 'Name of its topic when it was released.';
comment on column out.test_set.score is 'Criteria it met when it was released.';
comment on column out.test_set.prompt is 'The question.';
comment on column out.test_set.first_seen_on is 'The day it was asked first (UTC), if known.';
comment on column out.test_set.role is
'new (it was drawn), kept (from the release before), anchor (it is to stay) or returned (it served earlier).';
