select file_id from raw.files
