create or replace view out.prompts as
select
    p.prompt_id,
    if(f.rule = 'personal_data', null, p.prompt) as prompt,
    p.char_count,
    p.language,
    p.first_seen_at,
    f.rule as reject_reason,
    f.evidence as reject_evidence,
    coalesce(s.sighting_count, 0) as sighting_count
from core.prompts as p
left join core.flags as f on p.prompt_id = f.prompt_id
left join (
    select
        prompt_id,
        count(*) as sighting_count
    from core.sightings
    group by prompt_id
) as s on p.prompt_id = s.prompt_id;

comment on view out.prompts is 'Every distinct prompt, kept or not.';
comment on column out.prompts.prompt_id is 'Hash of the normalised text: the first 16 hex digits of its SHA-256.';
comment on column out.prompts.prompt is 'The text as first seen, in Unicode NFC, without space around it; null where it has personal data.';
comment on column out.prompts.char_count is 'Length in characters.';
comment on column out.prompts.language is 'ISO 639-1 code that the identifier gave; null where an earlier rule had decided.';
comment on column out.prompts.first_seen_at is 'When it was asked first (UTC); null where no source says.';
comment on column out.prompts.reject_reason is 'The rule it broke; null for eligible prompts.';
comment on column out.prompts.reject_evidence is 'What that rule went by; never the personal datum itself.';
comment on column out.prompts.sighting_count is 'In how many conversations it was seen, dropped ones included.';
