-- Why did prompts come to each release, stay in it, or go?
select
    h.released_on,
    d.release_id,
    d.change,
    coalesce(d.reason, 'unknown') as reason,
    count(*) as prompts,
    round(avg(d.score), 2) as mean_score,
    median(d.char_count)::integer as median_chars
from out.release_diff as d
inner join out.release_history as h on d.release_id = h.release_id
group by h.released_on, h.published_at, d.release_id, d.change, d.reason
order by h.released_on desc, h.published_at desc nulls last, d.change, prompts desc, reason
