select
    name,
    topic_count as topics,
    prompt_count as prompts,
    share,
    mean_score,
    chosen_count as chosen
from out.domains
where taxonomy_id = $taxonomy_id
order by prompt_count desc, domain_id
