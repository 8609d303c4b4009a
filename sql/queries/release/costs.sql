-- What models cost: in the life of the home, and since the last run that ended well, as a budget counts it.
select
    stage,
    model,
    mode,
    count(*) as calls,
    sum(input_tokens)::bigint as input_tokens,
    sum(output_tokens)::bigint as output_tokens,
    sum(usd) as usd,
    count(*) filter (where is_new) as new_calls,
    coalesce(sum(usd) filter (where is_new), 0) as new_usd
from core.dated_calls
group by stage, model, mode
order by stage, model, mode
