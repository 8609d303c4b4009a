"""Stage 2: from conversations to distinct, eligible prompts; what is dropped keeps its reason."""
