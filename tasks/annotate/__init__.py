"""Stage 5: which of the seven criteria each prompt meets, and how the annotation ended."""
