"""The stages: pure modules named for what they hold, and one `task.py` a stage that Prefect runs."""
