update core.releases set published_at = coalesce(published_at, $now) where release_id = $release_id
