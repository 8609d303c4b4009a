delete from core.prompt_bands
