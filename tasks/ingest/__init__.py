"""Stage 1: read conversations from any source, in any known schema, and count what can't be read."""
