select prompt_id from core.prompts
