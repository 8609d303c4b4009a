create or replace view out.annotation_stats as
select
    a.annotator,
    count(*) as prompt_count,
    avg(cast(a.outcome = 'ok' as integer)) as ok_share,
    avg(a.score) as mean_score,
    avg(cast(a.specificity as integer)) as specificity,
    avg(cast(a.domain_knowledge as integer)) as domain_knowledge,
    avg(cast(a.complexity as integer)) as complexity,
    avg(cast(a.problem_solving as integer)) as problem_solving,
    avg(cast(a.creativity as integer)) as creativity,
    avg(cast(a.technical_accuracy as integer)) as technical_accuracy,
    avg(cast(a.real_world as integer)) as real_world,
    avg(cast(a.score >= 5 as integer)) as score_5_or_more,
    avg(cast(a.score >= 6 as integer)) as score_6_or_more
from core.annotations as a
inner join core.eligible_prompts as p on a.prompt_id = p.prompt_id
group by a.annotator;

comment on view out.annotation_stats is 'Shares of criteria and scores by annotator, over the eligible prompts.';
comment on column out.annotation_stats.annotator is 'Who marked; heuristic-1 is a fixed heuristic, not an LLM.';
comment on column out.annotation_stats.prompt_count is 'Prompts marked.';
comment on column out.annotation_stats.ok_share is 'Share with a valid annotation.';
comment on column out.annotation_stats.mean_score is 'Mean number of criteria met, of the valid ones.';
comment on column out.annotation_stats.specificity is 'Share that meets it.';
comment on column out.annotation_stats.domain_knowledge is 'Share that meets it.';
comment on column out.annotation_stats.complexity is 'Share that meets it.';
comment on column out.annotation_stats.problem_solving is 'Share that meets it.';
comment on column out.annotation_stats.creativity is 'Share that meets it.';
comment on column out.annotation_stats.technical_accuracy is 'Share that meets it.';
comment on column out.annotation_stats.real_world is 'Share that meets it.';
comment on column out.annotation_stats.score_5_or_more is 'Share that meets five or more.';
comment on column out.annotation_stats.score_6_or_more is 'Share that meets six or more.';
