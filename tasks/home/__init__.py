"""What surrounds the stages: a run begins with a migrated home and ends with a fresh copy for analysts."""
