"""Stage 6: which of the seven criteria each prompt meets, and how the annotation ended."""
