create or replace view out.domains as
with last_scores as (
    select scores.*
    from core.topic_scores as scores
    inner join core.runs as r on scores.run_id = r.run_id
    qualify r.started_at = max(r.started_at) over (partition by scores.taxonomy_id)
),

chosen as (
    select
        s.run_id,
        s.topic_id,
        count(*) as chosen_count
    from core.selections as s
    where s.reject_reason is null
    group by s.run_id, s.topic_id
),

placed as (
    select
        taxonomy_id,
        count(*) as prompt_count
    from core.prompt_topics
    group by taxonomy_id
)

select
    t.taxonomy_id,
    t.domain_id,
    any_value(n.name) as name,
    count(*) as topic_count,
    cast(sum(t.size) as bigint) as prompt_count,
    sum(t.size) / any_value(p.prompt_count) as share,
    sum(s.mean_score * s.annotated_count) / nullif(sum(if(s.mean_score is null, 0, s.annotated_count)), 0) as mean_score,
    cast(coalesce(sum(c.chosen_count), 0) as bigint) as chosen_count
from core.topics as t
inner join core.topic_tree as n on t.taxonomy_id = n.taxonomy_id and t.domain_id = n.node_id
inner join placed as p on t.taxonomy_id = p.taxonomy_id
left join last_scores as s on t.taxonomy_id = s.taxonomy_id and t.topic_id = s.topic_id
left join chosen as c on s.run_id = c.run_id and s.topic_id = c.topic_id
where t.domain_id is not null
group by t.taxonomy_id, t.domain_id;

comment on view out.domains is 'The domains that each taxonomy''s tree is cut into; scores are those of its last selection.';
comment on column out.domains.taxonomy_id is 'The taxonomy.';
comment on column out.domains.domain_id is 'The node of the tree that is the domain.';
comment on column out.domains.name is 'Words that the topics in it share, or the name of its only topic.';
comment on column out.domains.topic_count is 'Topics in it.';
comment on column out.domains.prompt_count is 'Prompts in them.';
comment on column out.domains.share is 'Share of all prompts of the taxonomy, those without a topic included.';
comment on column out.domains.mean_score is 'Mean of its topics'' mean scores, each counted as often as it has annotated prompts.';
comment on column out.domains.chosen_count is 'Prompts that the last selection chose.';
