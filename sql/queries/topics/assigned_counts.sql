-- Prompts that were placed in the taxonomy since its fit, by topic; null for none. Topics without one are left out.
select
    topic_id,
    count(*) as assigned_count
from core.prompt_topics as m
inner join core.taxonomies as t on m.taxonomy_id = t.taxonomy_id
where m.taxonomy_id = $taxonomy_id and m.run_id <> t.run_id
group by topic_id
order by topic_id
