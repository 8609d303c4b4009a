-- The run whose selection, gates and funnel a release is: after a kill, not the run that its manifest names.
select run_id
from core.releases
where release_id = $release_id
