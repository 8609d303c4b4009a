-- Which topics grew most in the test set over the last five releases?
with recent as (
    select
        release_id,
        row_number() over (order by published_at desc) as age
    from out.releases
    where state = 'published'
    qualify age <= 5
),

shares as (
    select
        t.topic_id,
        arg_min(t.topic, r.age) as topic,
        count(*) filter (where t.prompt_count > 0) as releases,
        coalesce(any_value(t.share) filter (where r.age = (select max(age) from recent)), 0) as share_then,
        coalesce(any_value(t.share) filter (where r.age = 1), 0) as share_now
    from out.release_topics as t
    inner join recent as r on t.release_id = r.release_id
    group by t.topic_id
)

select
    topic_id,
    topic,
    releases,
    round(share_then, 3) as share_then,
    round(share_now, 3) as share_now,
    round(share_now - share_then, 3) as growth
from shares
where share_now > share_then
order by share_now - share_then desc, topic_id
limit 20
