"""Stage 3: prompts become vectors, in Parquet shards keyed by prompt and embedder."""
