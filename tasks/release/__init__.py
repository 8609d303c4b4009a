"""Stage 8: the chosen prompts as an immutable, documented bundle of files."""
