insert or replace into core.prompt_bands (prompt_id, version, bands)
select
    prompt_id,
    $version as version,
    bands
from prompts
