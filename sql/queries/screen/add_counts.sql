-- Prompts by kind of verdict and by what they repeat; `barring` ones are kept out of a release.
insert into core.contamination_counts
select
    $run_id as run_id,
    c.kind,
    c.reference,
    count(distinct c.prompt_id) as prompt_count,
    count(distinct b.prompt_id) as barring_count
from core.contamination as c
inner join core.eligible_prompts as e on c.prompt_id = e.prompt_id
left join core.barring_verdicts as b on c.prompt_id = b.prompt_id and c.kind = b.kind and c.reference = b.reference
group by c.kind, c.reference
