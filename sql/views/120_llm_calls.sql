create or replace view out.llm_calls as
select
    call_id,
    key,
    stage,
    run_id,
    endpoint,
    model,
    mode,
    round,
    outcome,
    text,
    error,
    input_tokens,
    cached_tokens,
    output_tokens,
    usd,
    latency_seconds,
    attempts,
    asked_at
from core.llm_calls;

comment on view out.llm_calls is 'Each call to a model: how it ended, what it cost, how long it took.';
comment on column out.llm_calls.call_id is 'The call.';
comment on column out.llm_calls.key is 'Hash of the model and all that it was asked; calls of one key asked the same.';
comment on column out.llm_calls.stage is 'The stage that asked.';
comment on column out.llm_calls.run_id is 'The run that asked.';
comment on column out.llm_calls.endpoint is 'Name of the endpoint.';
comment on column out.llm_calls.model is 'The model that answered, by its own account; the one asked where none did.';
comment on column out.llm_calls.mode is 'sync, flex or batch.';
comment on column out.llm_calls.round is '1, or 2 where an answer that could not be used was asked for once more.';
comment on column out.llm_calls.outcome is 'ok, empty, refused, unparsable, truncated or error.';
comment on column out.llm_calls.text is 'The answer, as it came.';
comment on column out.llm_calls.error is 'Of an error, its kind: timeout, connection, http_<status>, ….';
comment on column out.llm_calls.input_tokens is 'Tokens of the prompt.';
comment on column out.llm_calls.cached_tokens is 'Those of them that the server had in its cache.';
comment on column out.llm_calls.output_tokens is 'Tokens of the answer.';
comment on column out.llm_calls.usd is 'What it cost, in USD, by the price stated for the endpoint.';
comment on column out.llm_calls.latency_seconds is 'From the last attempt to its end.';
comment on column out.llm_calls.attempts is 'HTTP requests that it took.';
comment on column out.llm_calls.asked_at is 'When it ended, UTC.';
