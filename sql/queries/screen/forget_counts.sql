-- Of an earlier attempt of the same run.
delete from core.contamination_counts where run_id = $run_id
