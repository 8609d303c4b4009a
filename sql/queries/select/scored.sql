-- A prompt that was flagged since it was placed is not in it, nor one that an earlier run's second pass marked and
-- this run's first pass screened out. `contamination` is why one is barred.
select
    m.prompt_id,
    m.topic_id,
    t.name,
    t.domain_id,
    m.assigned_by,
    a.score,
    c.kind as contamination
from core.prompt_topics as m
inner join core.topics as t on m.taxonomy_id = t.taxonomy_id and m.topic_id = t.topic_id
inner join core.annotations as a on m.prompt_id = a.prompt_id
inner join core.eligible_prompts as e on m.prompt_id = e.prompt_id
left join core.contaminated_prompts as c on m.prompt_id = c.prompt_id
anti join core.screenings as s on m.prompt_id = s.prompt_id and s.run_id = $run_id
where m.taxonomy_id = $taxonomy_id and a.annotator = $annotator and a.outcome = 'ok'
order by m.prompt_id
