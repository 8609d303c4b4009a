-- Verdicts and their prompts by kind and by what they repeat; `barring` keep a prompt out of a release.
select
    c.kind,
    c.reference,
    count(distinct c.prompt_id) as prompts,
    count(b.prompt_id) as barring
from core.contamination as c
inner join core.eligible_prompts as e on c.prompt_id = e.prompt_id
left join core.barring_verdicts as b on c.prompt_id = b.prompt_id and c.kind = b.kind and c.reference = b.reference
group by c.kind, c.reference
order by prompts desc, c.kind, c.reference
