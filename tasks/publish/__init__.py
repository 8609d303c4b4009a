"""Stage 9: make a checked release the latest one."""
