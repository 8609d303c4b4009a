create or replace view out.topic_drift as
select
    d.taxonomy_id,
    d.run_id,
    d.topic_id,
    t.name as topic,
    d.fitted_count,
    d.assigned_count,
    d.fitted_share,
    d.assigned_share,
    d.ratio,
    d.p_value,
    d.trend
from core.topic_drift as d
left join core.topics as t on d.taxonomy_id = t.taxonomy_id and d.topic_id = t.topic_id;

comment on view out.topic_drift is 'Topics that grow or shrink among the prompts assigned since the fit.';
comment on column out.topic_drift.taxonomy_id is 'The taxonomy.';
comment on column out.topic_drift.run_id is 'The run that looked.';
comment on column out.topic_drift.topic_id is 'The topic.';
comment on column out.topic_drift.topic is 'Its name.';
comment on column out.topic_drift.fitted_count is 'Prompts of the fit that are nearest to it, within the limit.';
comment on column out.topic_drift.assigned_count is 'Prompts assigned to it since the fit.';
comment on column out.topic_drift.fitted_share is 'Share of the prompts of the fit.';
comment on column out.topic_drift.assigned_share is 'Share of the prompts assigned since.';
comment on column out.topic_drift.ratio is 'The share since, divided by that of the fit; null where that is 0.';
comment on column out.topic_drift.p_value is 'How likely so great a change is by chance (exact binomial test, both sides).';
comment on column out.topic_drift.trend is
'growing or shrinking where chance is ruled out, with regard to the number of topics; else steady.';
