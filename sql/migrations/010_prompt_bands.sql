-- Bands of the MinHash signatures of prompts that cleaning kept: what is near a new prompt is found without a look
-- at all texts. `version`: what made them; bands of another version are not comparable.
create table core.prompt_bands (
    prompt_id varchar primary key,
    version varchar not null,
    bands uinteger[] not null
);
