"""Stage 7: thresholds on prompts and topics, then who stays, and a seeded draw for the rest."""
