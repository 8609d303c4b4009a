"""All queries: `migrations/` make tables, `queries/<stage>/` run in stages, `views/` are read."""
