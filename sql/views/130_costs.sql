create or replace view out.costs as
select
    c.run_id,
    c.stage,
    c.endpoint,
    c.model,
    c.mode,
    cast(c.asked_at as date) as day,
    count(*) as call_count,
    count(*) filter (where c.outcome = 'ok') as ok_count,
    sum(c.input_tokens) as input_tokens,
    sum(c.cached_tokens) as cached_tokens,
    sum(c.output_tokens) as output_tokens,
    sum(c.usd) as usd,
    avg(c.latency_seconds) as mean_latency_seconds
from core.llm_calls as c
group by c.run_id, c.stage, c.endpoint, c.model, c.mode, cast(c.asked_at as date);

comment on view out.costs is 'What models cost, by run, stage, model, mode and day.';
comment on column out.costs.run_id is 'The run that asked.';
comment on column out.costs.stage is 'The stage that asked.';
comment on column out.costs.endpoint is 'Name of the endpoint.';
comment on column out.costs.model is 'The model that answered.';
comment on column out.costs.mode is 'sync, flex or batch.';
comment on column out.costs.day is 'The day, UTC.';
comment on column out.costs.call_count is 'Calls.';
comment on column out.costs.ok_count is 'Calls whose answer could be used.';
comment on column out.costs.input_tokens is 'Tokens of the prompts.';
comment on column out.costs.cached_tokens is 'Those of them that were cached.';
comment on column out.costs.output_tokens is 'Tokens of the answers.';
comment on column out.costs.usd is 'USD.';
comment on column out.costs.mean_latency_seconds is 'Mean seconds of a call.';
