create or replace view out.releases as
select
    r.release_id,
    r.released_on,
    r.prompt_count,
    r.topic_count,
    r.run_id,
    r.location,
    s.state,
    s.state = 'published'
    and s.position = (select max(position) from core.release_states where state = 'published') as is_latest,
    r.published_at,
    r.content_hash
from core.releases as r
inner join core.release_states as s on r.release_id = s.release_id;

comment on view out.releases is 'Every release; one that its gate refused stays a candidate.';
comment on column out.releases.release_id is 'Its date and the start of its content hash.';
comment on column out.releases.released_on is 'Its date.';
comment on column out.releases.prompt_count is 'Questions in it.';
comment on column out.releases.topic_count is 'Topics in it.';
comment on column out.releases.run_id is 'The run that made it.';
comment on column out.releases.location is 'Its folder, below the home.';
comment on column out.releases.state is 'candidate (never published), published or withdrawn.';
comment on column out.releases.is_latest is 'Whether it is the latest one.';
comment on column out.releases.published_at is 'When it first became the latest (UTC); null for a candidate.';
comment on column out.releases.content_hash is 'SHA-256 over all that its questions say.';
