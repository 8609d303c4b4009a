"""Stage gate: what a stage made is checked before the next one may read it."""
