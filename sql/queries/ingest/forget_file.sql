delete from raw.files where file_id = $file_id
