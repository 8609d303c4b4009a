-- After prompts were placed in a taxonomy that was there, a topic's size is again the number of its members.
update core.topics as t
set
    size = (
        select count(*)
        from core.prompt_topics as m
        where m.taxonomy_id = t.taxonomy_id and m.topic_id = t.topic_id
    )
where t.taxonomy_id = $taxonomy_id
