select coalesce(sum(usd), 0) as usd
from core.dated_calls
where is_new
