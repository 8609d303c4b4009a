-- What did each release cost, by stage? Calls since the last release, without one of their own yet, come first.
select
    coalesce(release_id, 'not released yet') as release,
    coalesce(stage, 'all') as stage,
    sum(call_count)::bigint as calls,
    round(sum(usd), 2) as usd
from out.release_costs
group by grouping sets ((release_id, released_on, stage), (release_id, released_on))
order by released_on desc nulls first, release_id, grouping(stage) desc, usd desc, stage
