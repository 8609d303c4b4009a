-- Which domains have a smaller share of the latest release than of what users ask?
with newest as (
    select taxonomy_id
    from out.taxonomies
    order by fitted_at desc nulls last
    limit 1
),

released as (
    select
        t.domain_id,
        sum(q.prompt_count)::bigint as questions,
        sum(q.share) as share
    from out.release_topics as q
    inner join out.releases as r on q.release_id = r.release_id
    inner join out.topics as t on q.topic_id = t.topic_id
    semi join newest as n on t.taxonomy_id = n.taxonomy_id
    where r.is_latest
    group by t.domain_id
)

select
    d.name as domain,
    d.prompt_count as prompts,
    coalesce(r.questions, 0) as questions,
    round(d.share, 3) as share_asked,
    round(coalesce(r.share, 0), 3) as share_released,
    round(d.mean_score, 2) as mean_score
from out.domains as d
semi join newest as n on d.taxonomy_id = n.taxonomy_id
left join released as r on d.domain_id = r.domain_id
where coalesce(r.share, 0) < d.share
order by coalesce(r.share, 0) - d.share, d.name
