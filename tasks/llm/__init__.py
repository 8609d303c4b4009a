"""The one way to call a model: endpoints, the pool, the journal, batches, money."""
