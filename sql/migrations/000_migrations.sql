create table if not exists main.migrations (name varchar primary key, checksum varchar not null);
