select
    p.prompt_id as uid,
    t.name as cluster,
    p.prompt,
    a.score,
    a.specificity,
    a.domain_knowledge,
    a.complexity,
    a.problem_solving,
    a.creativity,
    a.technical_accuracy,
    a.real_world,
    t.topic_id,
    m.assigned_by,
    p.language,
    cast(p.first_seen_at as date) as first_seen_on
from core.selections as s
inner join core.prompts as p on s.prompt_id = p.prompt_id
inner join core.topics as t on s.topic_id = t.topic_id and t.taxonomy_id = $taxonomy_id
inner join core.prompt_topics as m on s.prompt_id = m.prompt_id and m.taxonomy_id = $taxonomy_id
inner join core.annotations as a on s.prompt_id = a.prompt_id and a.annotator = $annotator
where s.run_id = $run_id and s.reject_reason is null
