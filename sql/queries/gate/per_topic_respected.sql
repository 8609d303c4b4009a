select
    s.topic_id as id,
    count(*) || ' prompts, ' || any_value(r.settings ->> '$.select.per_topic') || ' asked for' as detail
from core.selections as s
inner join core.runs as r on s.run_id = r.run_id
where s.run_id = $key and s.reject_reason is null
group by s.topic_id
having count(*) > any_value((r.settings ->> '$.select.per_topic')::integer)
order by s.topic_id
