-- A home is one run's at a time, so whatever still says that it runs was killed.
update core.runs set state = 'interrupted', finished_at = $now where state = 'running'
