-- How long do prompts serve, and why do they go?
select
    if(is_serving, 'still serving', coalesce(went_reason, 'unknown')) as fate,
    count(*) as prompts,
    round(avg(release_count), 2) as mean_releases,
    max(release_count) as most_releases,
    round(median(days_served), 1) as median_days
from out.prompt_lifetimes
group by fate
order by prompts desc, fate
