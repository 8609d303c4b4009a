-- Bands of the MinHash signatures of prompts that cleaning kept: what is near a new prompt is found without a look
-- at all texts. `version`: what made them; bands of another version are not comparable.
create table core.prompt_bands (
    prompt_id varchar primary key,
    version varchar not null,
    bands uinteger[] not null
);

-- What prompts of one template have in common: see tasks/screen/templates.py. All prompts are screened again.
alter table core.screened drop column skeleton;
alter table core.screened add column shapes uinteger[];
