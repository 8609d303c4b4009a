insert or replace into core.vectors (embedder, shard, row_count, dimensions)
values ($embedder, $shard, $rows, $dimensions)
