-- As clean looks for addresses: a bracket right behind one makes it a product of matrices, `A@B.transpose()`.
select
    uid as id,
    'holds an e-mail address' as detail
from core.release_prompts
where
    release_id = $key
    and regexp_matches(
        prompt,
        '[\pL\pN_.+%-]@[\pL\pN_-]{1,63}(?:\.[\pL\pN_-]{1,63}){0,4}\.[A-Za-z]{2,24}(?:[^\pL\pN_(]|\z)'
    )
order by uid
