-- Each stage gets the rows that the one before it kept; the release comes last.
with steps as (
    select
        step,
        any_value(stage) as stage,
        sum(row_count) as got,
        coalesce(sum(row_count) filter (where reason = 'kept'), 0) as kept
    from core.funnel
    where run_id = $run_id
    group by step
    union all
    select
        null as step,
        'release' as stage,
        count(*) as got,
        null as kept
    from core.release_prompts
    where release_id = $key
),

pairs as (
    select
        stage,
        got,
        row_number() over (order by step nulls last) as place,
        lag(kept) over (order by step nulls last) as kept_before
    from steps
)

select
    stage as id,
    got || ' rows, of ' || coalesce(kept_before, 0) || ' that were kept before' as detail
from pairs
where (place > 1 or stage = 'release') and got is distinct from coalesce(kept_before, 0)
order by place
