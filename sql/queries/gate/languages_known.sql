select
    'eligible' as id,
    count(*) filter (where language is null) || ' of ' || count(*) || ' have no known language' as detail
from core.eligible_prompts
having count(*) filter (where language is null) > 0.05 * count(*)
