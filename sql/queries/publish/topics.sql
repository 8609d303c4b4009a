-- Topics of a run with what selection thought of them, and the share of the test set that each has.
with chosen as (
    select
        topic_id,
        count(*) as question_count
    from core.selections
    where run_id = $run_id and reject_reason is null
    group by topic_id
)

select
    t.name as topic,
    t.annotated_count as prompts,
    t.passing_count as passing,
    round(t.mean_score, 2) as mean_score,
    t.is_eligible,
    coalesce(c.question_count, 0) as questions,
    round(coalesce(c.question_count, 0) / (select sum(question_count) from chosen), 4) as share_of_test_set
from core.topic_scores as t
left join chosen as c on t.topic_id = c.topic_id
where t.run_id = $run_id
order by t.annotated_count desc, t.name
