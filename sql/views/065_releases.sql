create or replace view out.releases as
select
    release_id,
    released_on,
    prompt_count,
    topic_count,
    run_id,
    location,
    published_at,
    content_hash
from core.releases;

comment on view out.releases is 'Every release; one that its gate refused is never published.';
comment on column out.releases.release_id is 'Its date and the start of its content hash.';
comment on column out.releases.released_on is 'Its date.';
comment on column out.releases.prompt_count is 'Questions in it.';
comment on column out.releases.topic_count is 'Topics in it.';
comment on column out.releases.run_id is 'The run that made it.';
comment on column out.releases.location is 'Its folder, below the home.';
comment on column out.releases.published_at is 'When it first became the latest (UTC); null for a candidate.';
comment on column out.releases.content_hash is 'SHA-256 over all that its questions say.';
