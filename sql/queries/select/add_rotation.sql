insert into core.rotations (run_id, data_sha256, base_id)
values ($run_id, $data_sha256, $base_id)
