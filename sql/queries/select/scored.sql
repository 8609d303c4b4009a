-- A prompt that an earlier run's second pass marked, and this run's first pass screened out, is not in it.
select
    m.prompt_id,
    m.topic_id,
    t.name,
    a.score
from core.prompt_topics as m
inner join core.topics as t on m.taxonomy_id = t.taxonomy_id and m.topic_id = t.topic_id
inner join core.annotations as a on m.prompt_id = a.prompt_id
anti join core.screenings as s on m.prompt_id = s.prompt_id and s.run_id = $run_id
where m.taxonomy_id = $taxonomy_id and a.annotator = $annotator and a.outcome = 'ok'
order by m.prompt_id
