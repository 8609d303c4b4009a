-- Without it the other rules would know no settings, and find nothing wrong.
select
    $key as id,
    'not in core.runs' as detail
where $key not in (select run_id from core.runs)
