select
    strftime(started_at, '%Y-%m-%d %H:%M') as started,
    flow,
    state,
    round(date_diff('millisecond', started_at, finished_at) / 1000, 1) as seconds,
    release_id,
    error
from core.runs
order by started_at desc
limit 20
