insert or replace into core.embedders (embedder, dimensions, library, prompt_count, fitted_at)
values ($embedder, $dimensions, $library, $prompts, $now)
