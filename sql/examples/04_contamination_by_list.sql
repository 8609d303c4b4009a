-- What contamination is there, by which list, and is any of it in the latest release?
select
    c.kind,
    if(c.reference = '', '(the home itself)', c.reference) as found_by,
    count(distinct c.prompt_id) as prompts,
    count(distinct c.prompt_id) filter (where c.is_barring) as kept_out,
    count(distinct c.prompt_id) filter (where l.is_serving) as in_latest_release,
    round(max(c.similarity), 2) as max_similarity,
    max(r.started_at) as last_found_at
from out.contamination as c
left join out.runs as r on c.run_id = r.run_id
left join out.prompt_lifetimes as l on c.prompt_id = l.prompt_id
group by c.kind, found_by
order by prompts desc, c.kind, found_by
