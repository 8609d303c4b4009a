"""Vectors on disk: one Parquet shard for some thousands of prompts."""

from pathlib import Path
from urllib.parse import quote

import numpy as np
import polars as pl

from tasks.embed.embedder import Vectors
from tasks.errors import EvergreenError


def shard_folder(home: str, embedder: str) -> Path:
    """Where the shards of an embedder are; its name may have slashes, on a server of one's own."""
    return Path(home) / "shards" / "vectors" / quote(embedder, safe="")


def to_frame(prompt_ids: list[str], vectors: Vectors) -> pl.DataFrame:
    """`prompt_id` and `vector`, a fixed-size array of float32."""
    column = pl.Series("vector", vectors, dtype=pl.Array(pl.Float32, vectors.shape[1]))
    return pl.DataFrame({"prompt_id": prompt_ids}).with_columns(column)


def load(home: str, embedder: str, prompt_ids: list[str]) -> Vectors:
    """Read vectors in the order of `prompt_ids`.

    Returns:
        float32 of shape (len(prompt_ids), dimensions).

    Raises:
        EvergreenError: a prompt has no vector.
    """
    files = sorted(shard_folder(home, embedder).glob("*.parquet"))
    if not files:
        raise EvergreenError(f"no vectors of {embedder}")
    # A shard left by an interrupted run may have prompts that are in another by now.
    shards = pl.concat([pl.read_parquet(file) for file in files]).unique(
        "prompt_id", keep="first", maintain_order=True
    )
    wanted = pl.DataFrame({"prompt_id": prompt_ids}).join(
        shards, on="prompt_id", how="left", maintain_order="left"
    )
    if missing := wanted["vector"].null_count():
        raise EvergreenError(f"{missing} prompts have no vector of {embedder}")
    return np.ascontiguousarray(wanted["vector"].to_numpy(), dtype=np.float32)
