"""Vectors of prompts: what makes them, the grid that they lie on, their shards, and what is near them."""
