-- Prompts that were kept and share a band of their signature with a new one, in order of precedence.
with wanted as (
    select distinct unnest(bands) as band from new
),

band_rows as (
    select
        prompt_id,
        unnest(bands) as band
    from core.prompt_bands
    where version = $version
),

alike as (
    select distinct r.prompt_id
    from band_rows as r
    semi join wanted as w on r.band = w.band
)

select
    p.prompt_id,
    p.prompt,
    b.bands
from alike as a
inner join core.eligible_prompts as p on a.prompt_id = p.prompt_id
inner join core.prompt_bands as b on a.prompt_id = b.prompt_id
order by p.first_seen_at nulls last, p.prompt_id
