create or replace view out.sources as
select
    f.file_id,
    f.url,
    f.size,
    f.version,
    f.row_count,
    f.reject_count,
    f.read_at
from raw.files as f;

comment on view out.sources is 'Every source file that was read to its end.';
comment on column out.sources.file_id is 'Hash of URL, size and version.';
comment on column out.sources.url is 'Where it is.';
comment on column out.sources.size is 'Bytes.';
comment on column out.sources.version is 'ETag, or SHA-256 of a local file.';
comment on column out.sources.row_count is 'Conversations read.';
comment on column out.sources.reject_count is 'Records that could not be read.';
comment on column out.sources.read_at is 'When (UTC).';
