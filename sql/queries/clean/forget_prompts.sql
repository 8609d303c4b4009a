delete from core.prompts
