"""The Prefect task of embed: core.prompts → Parquet shards and core.vectors."""

import io
import logging

import polars as pl

from tasks import warehouse
from tasks.embed.embedder import Embedder, TfidfSvd, Vectors
from tasks.embed.vectors import shard_folder, to_frame
from tasks.refs import Ref, Run
from tasks.settings import EmbedSettings
from tasks.stage import progress, stage
from tasks.storage import write_atomic

logger = logging.getLogger(__name__)


@stage("embed", retries=3)
def embed(run: Run, prompts: Ref, settings: EmbedSettings) -> Ref:
    """Embed the eligible prompts that have no vector of this embedder yet, a shard at a time."""
    frame = warehouse.read(run.home, "embed/prompts", {}, run.lock_wait_seconds)
    embedder = TfidfSvd(frame["prompt"].to_list(), settings.dimensions, run.seed)
    name = embedder.name
    done = _embedded_ids(run, name)
    missing = frame.filter(~pl.col("prompt_id").is_in(list(done)))
    logger.info("%d prompts, %d of them without a vector of %s", prompts.rows, missing.height, name)
    if missing.height:
        _embed(run, embedder, missing, settings.shard_rows)
    return Ref(stage="embed", table="core.vectors", key=name, rows=frame.height)


def _embedded_ids(run: Run, name: str) -> set[str]:
    """Prompts in the shards that the warehouse knows; a shard it does not know was not written to its end."""
    shards = warehouse.read(run.home, "embed/shards", {"embedder": name}, run.lock_wait_seconds)["shard"]
    folder = shard_folder(run.home, name)
    return {
        prompt_id
        for shard in shards
        if (folder / shard).is_file()
        for prompt_id in pl.read_parquet(folder / shard, columns=["prompt_id"])["prompt_id"]
    }


def _embed(run: Run, embedder: Embedder, missing: pl.DataFrame, shard_rows: int) -> None:
    vectors = embedder.embed(missing["prompt"].to_list())
    ids = missing["prompt_id"].to_list()
    with progress("embed", len(ids)) as advance:
        for start in range(0, len(ids), shard_rows):
            part = ids[start : start + shard_rows]
            _write_shard(run, embedder.name, part, vectors[start : start + shard_rows])
            advance(len(part))


def _write_shard(run: Run, name: str, prompt_ids: list[str], vectors: Vectors) -> None:
    shard = f"{prompt_ids[0]}.parquet"
    buffer = io.BytesIO()
    to_frame(prompt_ids, vectors).write_parquet(buffer)
    write_atomic(shard_folder(run.home, name) / shard, buffer.getvalue())
    row = {"embedder": name, "shard": shard, "rows": len(prompt_ids), "dimensions": vectors.shape[1]}
    with warehouse.transaction(run.home, run.lock_wait_seconds) as con:
        warehouse.run(con, "embed/add_shard", row)
