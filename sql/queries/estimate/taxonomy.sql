-- The newest taxonomy of exactly the eligible prompts, by the same embedder, settings and seed.
select t.taxonomy_id
from core.taxonomies as t
inner join core.prompt_topics as m on t.taxonomy_id = m.taxonomy_id
left join core.eligible_prompts as p on m.prompt_id = p.prompt_id
where starts_with(t.embedder, $embedder) and t.settings = cast($settings as json) and t.seed = $seed
group by t.taxonomy_id
having count(*) = count(p.prompt_id) and count(*) = (select count(*) from core.eligible_prompts)
order by max(t.rowid) desc
limit 1
