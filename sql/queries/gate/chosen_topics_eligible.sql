select
    s.prompt_id as id,
    'topic ' || coalesce(s.topic_id::varchar, 'none') as detail
from core.selections as s
anti join core.topic_scores as t
    on s.run_id = t.run_id and s.topic_id = t.topic_id and t.is_chosen and t.is_eligible
where s.run_id = $key and s.reject_reason is null
order by s.prompt_id
