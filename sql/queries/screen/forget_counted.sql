-- What is counted anew in each run, and what is about a prompt that is gone.
delete from core.contamination
where kind in ('stale', 'repeated_asker', 'template') or prompt_id not in (select prompt_id from core.prompts)
