select count(*) as row_count from core.eligible_prompts
