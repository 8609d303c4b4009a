select
    c.file_id || ':' || c.position as id,
    count(s.prompt_id) || ' sightings' as detail
from raw.conversations as c
inner join raw.files as f on c.file_id = f.file_id
left join core.sightings as s on c.file_id = s.file_id and c.position = s.position
group by c.file_id, c.position
having count(s.prompt_id) != 1
order by c.file_id, c.position
