-- Offline embedders that are saved in the home. `library` is the version of what fitted it: another may give other
-- vectors. `fitted_at` is when a build last asked for this very fit; `dimensions` is what was asked for.
create table core.embedders (
    embedder varchar primary key,
    dimensions integer not null,
    library varchar not null,
    prompt_count bigint not null,
    fitted_at timestamp not null
);
