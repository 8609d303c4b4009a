"""Flows: the order of stages and the gates between them, and nothing else."""
