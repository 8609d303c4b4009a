insert or replace into core.journals (journal, byte_count)
values ($journal, $byte_count)
