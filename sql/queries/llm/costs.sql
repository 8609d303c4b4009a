-- What models cost, by stage, model and mode and in all (the last row): in a run, and this month (UTC).
select
    coalesce(stage, 'total') as stage,
    coalesce(model, '') as model,
    coalesce(mode, '') as mode,
    count(*) filter (where run_id = $run_id) as calls,
    coalesce(sum(input_tokens) filter (where run_id = $run_id), 0)::bigint as input_tokens,
    coalesce(sum(output_tokens) filter (where run_id = $run_id), 0)::bigint as output_tokens,
    coalesce(sum(usd) filter (where run_id = $run_id), 0) as usd,
    count(*) filter (where asked_at >= date_trunc('month', cast($now as timestamp))) as month_calls,
    coalesce(sum(usd) filter (where asked_at >= date_trunc('month', cast($now as timestamp))), 0) as month_usd
from core.llm_calls
where run_id = $run_id or asked_at >= date_trunc('month', cast($now as timestamp))
group by grouping sets ((stage, model, mode), ())
order by grouping(stage), stage, model, mode
