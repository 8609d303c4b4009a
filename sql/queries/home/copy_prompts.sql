-- For the analysts' copy: without the text of prompts with personal data.
create or replace table analytics.core.prompts as
select p.* replace (if(f.prompt_id is null, p.prompt, '') as prompt)
from core.prompts as p
left join (select distinct prompt_id from core.flags where rule = 'personal_data') as f on p.prompt_id = f.prompt_id
