-- Questions of all releases, those that wait to be published too, with the start of the run that made each.
select
    q.release_id as reference,
    q.uid as reference_id,
    q.prompt_id as text_id,
    q.prompt as text,
    r.started_at
from core.release_prompts as q
inner join core.releases as l on q.release_id = l.release_id
inner join core.runs as r on l.run_id = r.run_id
order by r.started_at, q.release_id, q.uid
