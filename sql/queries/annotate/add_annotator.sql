insert or replace into core.annotators (run_id, pass, annotator)
values ($run_id, $pass, $annotator)
