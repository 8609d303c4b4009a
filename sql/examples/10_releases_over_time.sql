-- Is the test set still fresh, and is it comparable from release to release?
select
    release_id,
    state,
    prompt_count as questions,
    came_count as came,
    stayed_count as stayed,
    went_count as went,
    round(topics_shift, 3) as topics_shift,
    round(mean_score, 2) as mean_score,
    median_char_count as median_chars,
    median_age_days
from out.release_history
order by released_on desc, published_at desc nulls last
