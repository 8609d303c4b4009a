-- What models cost in each month (UTC).
select
    cast(date_trunc('month', asked_at) as date) as month,
    count(*) as calls,
    sum(usd) as usd
from core.llm_calls
group by cast(date_trunc('month', asked_at) as date)
order by month desc
