insert or replace into core.annotators (run_id, pass, annotator, rubric_sha256)
values ($run_id, $pass, $annotator, $rubric_sha256)
