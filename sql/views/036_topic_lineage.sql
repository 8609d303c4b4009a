create or replace view out.topic_lineage as
select
    l.taxonomy_id,
    l.topic_id,
    t.name as topic,
    l.parent_id,
    l.parent_topic_id,
    p.name as parent_topic,
    l.relation,
    l.similarity,
    l.shared_count
from core.topic_lineage as l
left join core.topics as t on l.taxonomy_id = t.taxonomy_id and l.topic_id = t.topic_id
left join core.topics as p on l.parent_id = p.taxonomy_id and l.parent_topic_id = p.topic_id;

comment on view out.topic_lineage is 'What the topics of each fit are to those of the fit before it.';
comment on column out.topic_lineage.taxonomy_id is 'The fit.';
comment on column out.topic_lineage.topic_id is 'Its topic; null where the relation is gone.';
comment on column out.topic_lineage.topic is 'Name of that topic.';
comment on column out.topic_lineage.parent_id is 'The fit before it; null for the first of a home.';
comment on column out.topic_lineage.parent_topic_id is 'The topic of the fit before; null where the relation is new.';
comment on column out.topic_lineage.parent_topic is 'Name of that topic, in the fit before.';
comment on column out.topic_lineage.relation is
'same (it goes on, with its id), split (half or more of it was in the old topic, which it does not continue), '
'merged (half or more of the old topic is in it, which it does not continue), new, or gone.';
comment on column out.topic_lineage.similarity is
'Likeness of both, 0 to 1, by members that both fits place and by centroids; null for new and gone.';
comment on column out.topic_lineage.shared_count is 'Prompts that were in the old topic and are in this one.';
