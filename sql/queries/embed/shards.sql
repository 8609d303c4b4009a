select shard from core.vectors where embedder = $embedder
