select
    prompt_id as id,
    outcome || ' with ' || if(score is null, 'no score', 'a score') as detail
from core.annotations
where annotator = $key and (outcome = 'ok') != (score is not null)
order by prompt_id
