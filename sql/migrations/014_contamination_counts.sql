-- How many prompts had which verdict when a run had screened them; core.contamination has only those of now.
create table core.contamination_counts (
    run_id varchar not null,
    kind varchar not null,
    reference varchar not null,
    prompt_count bigint not null,
    barring_count bigint not null,
    primary key (run_id, kind, reference)
);

-- What is known of earlier runs.
insert into core.contamination_counts
select
    c.run_id,
    c.kind,
    c.reference,
    count(distinct c.prompt_id) as prompt_count,
    count(distinct b.prompt_id) as barring_count
from core.contamination as c
left join core.barring_verdicts as b on c.prompt_id = b.prompt_id and c.kind = b.kind and c.reference = b.reference
group by c.run_id, c.kind, c.reference;
