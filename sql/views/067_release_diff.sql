create or replace view out.release_diff as
with newer as (
    select
        p.*,
        q.prompt_id,
        q.topic_id,
        q.topic,
        q.score,
        length(q.prompt) as char_count
    from core.release_pairs as p
    inner join core.release_prompts as q on p.release_id = q.release_id
),

older as (
    select
        p.*,
        q.prompt_id,
        q.topic_id,
        q.topic,
        q.score,
        length(q.prompt) as char_count
    from core.release_pairs as p
    inner join core.release_prompts as q on p.previous_id = q.release_id
),

changes as (
    select
        coalesce(n.release_id, o.release_id) as release_id,
        coalesce(n.run_id, o.run_id) as run_id,
        coalesce(n.previous_id, o.previous_id) as previous_id,
        coalesce(n.prompt_id, o.prompt_id) as prompt_id,
        case when o.prompt_id is null then 'came' when n.prompt_id is null then 'went' else 'stayed' end as change,
        coalesce(n.topic_id, o.topic_id) as topic_id,
        coalesce(n.topic, o.topic) as topic,
        o.topic_id as previous_topic_id,
        coalesce(n.score, o.score) as score,
        coalesce(n.char_count, o.char_count) as char_count
    from newer as n
    full outer join older as o on n.release_id = o.release_id and n.prompt_id = o.prompt_id
)

select
    c.release_id,
    c.previous_id,
    c.prompt_id,
    c.change,
    case
        when c.change != 'went' then s.role
        else coalesce(s.reject_reason, a.reason, 'unknown')
    end as reason,
    c.topic_id,
    c.topic,
    c.previous_topic_id,
    c.score,
    c.char_count
from changes as c
left join core.selections as s on c.run_id = s.run_id and c.prompt_id = s.prompt_id
left join core.absences as a on c.run_id = a.run_id and c.prompt_id = a.prompt_id;

comment on view out.release_diff is
'What came, stayed and went in each release, against the one that was the latest when it was made, or else was made before it.';
comment on column out.release_diff.release_id is 'The newer release.';
comment on column out.release_diff.previous_id is 'The older one that it is compared with.';
comment on column out.release_diff.prompt_id is 'The prompt.';
comment on column out.release_diff.change is 'came, stayed or went.';
comment on column out.release_diff.reason is
'Why it went, or what it came or stayed as, by the selection of the newer release; or what kept it from that, if it did not see it.';
comment on column out.release_diff.topic_id is
'Its topic in the newer release; of one that went, in the older. A topic keeps its id when it is renamed.';
comment on column out.release_diff.topic is 'Name of that topic in that release.';
comment on column out.release_diff.previous_topic_id is 'Its topic in the older release; null where it came.';
comment on column out.release_diff.score is 'Criteria it met in the newer release; of one that went, in the older.';
comment on column out.release_diff.char_count is 'Its length in characters.';
