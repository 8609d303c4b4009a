insert or replace into core.stage_settings (stage, settings) values ($stage, $settings)
