-- What fills the analysts' copy, a statement a table, once it has the warehouse's tables and views without rows. Tables
-- made this way have no keys, which took as much room as the rows. Those with texts to withhold have a query of their
-- own, and some stay empty: raw texts may hold personal data, and no view reads the working tables of stages.
select format('create or replace table analytics.{0}.{1} as from {0}.{1}', schema_name, table_name) as statement
from duckdb_tables()
where
    database_name = current_database()
    and not internal
    and not temporary
    and table_name not in ('prompts', 'annotations', 'llm_calls')
    and table_name not in ('conversations', 'prompt_bands', 'screened')
order by schema_name, table_name
