-- A first turn may be only an image: the rule for images drops it later.
select
    c.file_id || ':' || c.position as id,
    c.schema_name as detail
from raw.conversations as c
inner join raw.files as f on c.file_id = f.file_id
where not c.has_image and not regexp_matches(c.prompt, '\S')
order by c.file_id, c.position
