insert or replace into core.runs (run_id, flow, state, started_at, settings)
values ($run_id, $flow, 'running', $now, $settings)
