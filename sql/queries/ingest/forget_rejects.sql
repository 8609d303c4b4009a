delete from raw.rejects where file_id = $file_id
