create or replace view out.topic_tree as
select
    taxonomy_id,
    node_id,
    parent_id,
    topic_id,
    name,
    distance,
    topic_count
from core.topic_tree;

comment on view out.topic_tree is 'The hierarchy over the topics of each taxonomy: a binary tree.';
comment on column out.topic_tree.taxonomy_id is 'The taxonomy.';
comment on column out.topic_tree.node_id is 'The node; the first ones are the topics, the last is the root.';
comment on column out.topic_tree.parent_id is 'The node above; null for the root.';
comment on column out.topic_tree.topic_id is 'The topic, if the node is one.';
comment on column out.topic_tree.name is 'Name of the topic, or the words that the topics below share.';
comment on column out.topic_tree.distance is 'How far apart the two nodes below are (Ward); 0 for a topic.';
comment on column out.topic_tree.topic_count is 'Topics below the node, itself included.';
