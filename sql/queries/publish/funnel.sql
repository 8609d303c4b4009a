-- A row a stage: what it got, kept and dropped, and by which rules.
select
    stage,
    max(rows_in) as rows_in,
    coalesce(sum(row_count) filter (where reason = 'kept'), 0)::bigint as kept,
    coalesce(sum(row_count) filter (where reason != 'kept'), 0)::bigint as dropped,
    coalesce(
        string_agg(reason || ' ' || format('{:,}', row_count), ', ' order by row_count desc, reason)
        filter (where reason != 'kept'),
        ''
    ) as dropped_by_rule
from out.funnel
where run_id = $run_id
group by step, stage
order by step
