"""Pictures of a taxonomy: the map of all prompts and the tree of the largest topics, as HTML and PNG."""
