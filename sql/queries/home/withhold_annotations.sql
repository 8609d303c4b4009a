-- In the analysts' copy: answers about prompts with personal data may quote it.
update analytics.core.annotations set raw = ''
where prompt_id in (select prompt_id from analytics.core.flags where rule = 'personal_data')
