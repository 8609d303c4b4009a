select
    journal,
    byte_count
from core.journals
order by journal
