create or replace view out.release_costs as
with made as (
    select
        r.release_id,
        r.released_on,
        coalesce(u.finished_at, 'infinity') as finished_at
    from core.releases as r
    inner join core.runs as u on r.run_id = u.run_id
),

-- A run that failed or was killed paid for the release that the next one came to.
dated as (
    select
        m.release_id,
        m.released_on,
        c.*
    from core.llm_calls as c
    asof left join made as m on c.asked_at <= m.finished_at
)

select
    release_id,
    released_on,
    stage,
    model,
    count(*) as call_count,
    count(*) filter (where outcome != 'ok') as failed_count,
    sum(input_tokens)::bigint as input_tokens,
    sum(output_tokens)::bigint as output_tokens,
    sum(usd) as usd
from dated
group by release_id, released_on, stage, model;

comment on view out.release_costs is
'Costs over time: what models were paid on the way to each release, since the one before; runs that failed count to the next.';
comment on column out.release_costs.release_id is 'The release; null for calls since the last one was made.';
comment on column out.release_costs.released_on is 'Its date.';
comment on column out.release_costs.stage is 'The stage that asked.';
comment on column out.release_costs.model is 'The model that answered.';
comment on column out.release_costs.call_count is 'Calls.';
comment on column out.release_costs.failed_count is 'Calls whose answer could not be used: every outcome but ok.';
comment on column out.release_costs.input_tokens is 'Tokens of the prompts.';
comment on column out.release_costs.output_tokens is 'Tokens of the answers.';
comment on column out.release_costs.usd is 'USD.';
