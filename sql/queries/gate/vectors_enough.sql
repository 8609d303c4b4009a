-- An embedder's shards outlive a prompt's eligibility, so there may be more vectors, but never fewer.
with counts as (
    select
        (select count(*) from core.eligible_prompts) as prompts,
        (select coalesce(sum(row_count), 0) from core.vectors where embedder = $key) as vectors
)

select
    $key as id,
    vectors || ' vectors for ' || prompts || ' eligible prompts' as detail
from counts
where vectors < prompts
