-- What contamination was found, by which list, and is any of it in the latest release?
select
    kind,
    if(reference = '', '(the home itself)', reference) as found_by,
    sum(prompt_count)::bigint as prompts,
    sum(barring_count)::bigint as kept_out,
    sum(serving_count)::bigint as in_latest_release,
    round(max(max_similarity), 2) as max_similarity,
    max(started_at) as last_found_at
from out.contamination_history
group by kind, found_by
order by prompts desc, kind, found_by
