select
    $key as id,
    'no eligible topic; lower select.min_score or select.min_topic_mean, or bring more prompts' as detail
where $key not in (select run_id from core.selections where reject_reason is null)
