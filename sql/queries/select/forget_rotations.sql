-- Of earlier runs, only those that came to a release are worth keeping.
delete from core.rotations
where run_id = $run_id or run_id not in (select run_id from core.releases)
