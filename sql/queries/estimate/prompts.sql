-- A page of the eligible prompts, in the order in which they are embedded.
select
    prompt_id,
    prompt
from core.eligible_prompts
where prompt_id > $after
order by prompt_id
limit $rows
