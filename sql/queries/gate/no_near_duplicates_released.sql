-- Sets of words with a Jaccard similarity of 0.85 or more share one of their rarest 15 % of words (and one more):
-- only such pairs are compared, which is exact, and hundreds of times as fast as all pairs.
with words as (
    select
        uid,
        unnest(list_distinct(regexp_extract_all(lower(prompt), '[\pL\pM\pN_]+'))) as word
    from core.release_prompts
    where release_id = $key
),

counted as (
    select
        uid,
        word,
        count(*) over (partition by word) as prompts
    from words
),

prompts as (
    select
        uid,
        list(word order by prompts, word) as words,
        count(*) - ceil(0.85 * count(*)) + 1 as rare
    from counted
    group by uid
),

rare_words as (
    select
        uid,
        unnest(words[:rare::bigint]) as word
    from prompts
),

candidates as (
    select distinct
        a.uid as first_uid,
        b.uid as second_uid
    from rare_words as a
    inner join rare_words as b on a.word = b.word and a.uid < b.uid
),

shared as (
    select
        a.uid as first_uid,
        b.uid as second_uid,
        len(list_intersect(a.words, b.words)) as common,
        len(a.words) + len(b.words) as total
    from candidates as c
    inner join prompts as a on c.first_uid = a.uid
    inner join prompts as b on c.second_uid = b.uid
)

select
    second_uid as id,
    'near-duplicate of ' || min(first_uid) as detail
from shared
where common >= 0.85 * (total - common)
group by second_uid
order by second_uid
