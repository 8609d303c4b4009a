select
    prompt_id,
    if(prompt_id in (select prompt_id from core.flags), null, char_count) as eligible_char_count
from core.prompts
order by prompt_id
