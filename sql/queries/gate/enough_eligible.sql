select
    'eligible' as id,
    count(*) || ' eligible prompts' as detail
from core.eligible_prompts
having count(*) < 100
