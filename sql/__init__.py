"""Every query of the project: `migrations/` make the tables, `queries/<stage>/` run in stages, `views/` are read."""
