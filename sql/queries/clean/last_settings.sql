select settings from core.stage_settings where stage = $stage
