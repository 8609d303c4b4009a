"""Stage 8: make a checked release the latest one."""
