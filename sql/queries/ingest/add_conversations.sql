insert into raw.conversations (
    file_id, position, schema_name, source_id, asked_at, asker, prompt, turn_count, language, is_toxic, has_image
)
select
    $file_id,
    position,
    schema,
    source_id,
    asked_at,
    asker,
    prompt,
    turn_count,
    language,
    is_toxic,
    has_image
from conversations
