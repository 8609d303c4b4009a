-- Prompts that served: in releases that were published at any time, and in the one that is to be rotated.
select
    prompt_id,
    count(distinct data_sha256) as served,
    max(role) filter (where release_id = $base_id) as last_role
from core.services
where (state != 'candidate' or release_id = $base_id) and data_sha256 != $data_sha256
group by prompt_id
order by prompt_id
