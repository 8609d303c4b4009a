insert or ignore into core.llm_calls by name
select * replace (cast(asked_at as timestamp) as asked_at)
from calls
