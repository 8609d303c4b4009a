create or replace view out.rejects as
select
    f.url,
    r.position,
    r.reason,
    r.detail
from raw.rejects as r
inner join raw.files as f on r.file_id = f.file_id;

comment on view out.rejects is 'Records that could not be read, with their place.';
comment on column out.rejects.url is 'The file.';
comment on column out.rejects.position is 'Line of JSONL, else number of the record, from 1; 0 for the file itself.';
comment on column out.rejects.reason is 'Why.';
comment on column out.rejects.detail is 'What the parser said.';
