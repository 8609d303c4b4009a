delete from raw.conversations where file_id = $file_id
