select
    assigned_by,
    count(*) as prompts,
    count(*) / sum(count(*)) over () as share
from out.prompt_topics
where taxonomy_id = $taxonomy_id
group by assigned_by
order by prompts desc, assigned_by
