"""Stage 6: thresholds on prompts and topics, then a seeded draw of topics and the best prompts of each."""
