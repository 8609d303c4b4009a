-- In the analysts' copy: answers that are ok are in other tables; labelled texts of a calibration were never cleaned.
update analytics.core.llm_calls set text = ''
where outcome = 'ok' or stage = 'calibrate'
