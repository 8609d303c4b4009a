insert or ignore into core.releases (
    release_id, content_hash, run_id, released_on, prompt_count, topic_count, location
)
values ($release_id, $content_hash, $run_id, cast($released_on as date), $prompts, $topics, $location)
