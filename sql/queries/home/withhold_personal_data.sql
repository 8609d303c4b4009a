-- In the analysts' copy: the text of prompts with personal data.
update analytics.core.prompts set prompt = ''
where prompt_id in (select prompt_id from analytics.core.flags where rule = 'personal_data')
