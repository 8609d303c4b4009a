with conversations as (
    select
        file_id,
        count(*) as found
    from raw.conversations
    group by file_id
),

rejects as (
    select
        file_id,
        count(*) as found
    from raw.rejects
    group by file_id
)

select
    f.file_id as id,
    parse_filename(f.url) || ': ' || coalesce(c.found, 0) || ' conversations of ' || f.row_count || ', '
    || coalesce(r.found, 0) || ' rejects of ' || f.reject_count as detail
from raw.files as f
left join conversations as c on f.file_id = c.file_id
left join rejects as r on f.file_id = r.file_id
where coalesce(c.found, 0) != f.row_count or coalesce(r.found, 0) != f.reject_count
order by f.file_id
