-- Prompts may be gone with a file's older version, and others may have been rejected as near them: without
-- its recipe, clean makes all of its rows again.
delete from core.recipes where stage = 'clean'
