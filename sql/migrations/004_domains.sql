-- The domain of a topic: the node of the tree, above it or itself, at which the tree was cut.
alter table core.topics add column domain_id integer;
