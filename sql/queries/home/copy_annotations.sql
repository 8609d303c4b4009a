-- For the analysts' copy: answers about prompts with personal data may quote it.
create or replace table analytics.core.annotations as
select a.* replace (if(f.prompt_id is null, a.raw, '') as raw)
from core.annotations as a
left join (select distinct prompt_id from core.flags where rule = 'personal_data') as f on a.prompt_id = f.prompt_id
