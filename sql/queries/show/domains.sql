select
    domain_id,
    name,
    share
from out.domains
where taxonomy_id = $taxonomy_id
order by prompt_count desc, domain_id
