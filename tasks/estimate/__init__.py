"""What a build would ask of models, and what that would take, before any call."""
