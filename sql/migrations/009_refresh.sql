-- What a refresh found when it looked at a live source: `source` is its URL without secrets, `source_id` a hash of
-- all of it. `outcome`: 'new', 'nothing' (nothing new) or 'failed'. `newest_at` is when the newest of the files listed was written, and
-- `newest_partition` the last date that a partition with files is named for, if any.
create table raw.source_checks (
    run_id varchar not null,
    source_id varchar not null,
    source varchar not null,
    checked_at timestamp not null,
    outcome varchar not null,
    detail varchar not null,
    file_count bigint not null,
    new_file_count bigint not null,
    newest_at timestamp,
    newest_partition date,
    primary key (run_id, source_id)
);

-- Why a chosen prompt is in the test set: 'new' (it was drawn, and if a release was rotated, it never served
-- before), 'kept' (it was in that release), 'anchor' (it is to stay) or 'returned' (it served before, and there was
-- not enough new).
alter table core.selections add column role varchar;
update core.selections set role = 'new' where reject_reason is null;

-- What a run's selection was drawn of: the hash of all source files, and the release that it rotated, if any.
create table core.rotations (
    run_id varchar primary key,
    data_sha256 varchar not null,
    base_id varchar
);

-- Each prompt of each release, with the state of that release. `data_sha256` tells releases that were drawn of the
-- same files: a draw never rotates one of its own, and a prompt that is in several of them served once.
create view core.services as
select
    q.prompt_id,
    r.release_id,
    l.state,
    coalesce(o.data_sha256, r.release_id) as data_sha256,
    coalesce(s.role, 'new') as role
from core.release_prompts as q
inner join core.releases as r on q.release_id = r.release_id
inner join core.release_states as l on r.release_id = l.release_id
left join core.rotations as o on r.run_id = o.run_id
left join core.selections as s on r.run_id = s.run_id and q.prompt_id = s.prompt_id;
