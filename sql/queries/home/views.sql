select view_name as name
from duckdb_views()
where schema_name = 'out'
order by view_name
