select
    $key as id,
    'no eligible topic' as detail
where $key not in (select run_id from core.selections where reject_reason is null)
