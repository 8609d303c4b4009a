"""Stage 4: vectors become topics with names, a tree over them, and a map of all prompts."""
