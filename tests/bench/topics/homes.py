"""Homes as `embed` leaves them: prompts in the warehouse, vectors in shards.

python -m tests.bench.topics.homes CORPUS HOME ROWS
"""

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import polars as pl

from tasks import warehouse
from tasks.vectors.grid import Vectors
from tasks.vectors.shards import shard_folder, to_frame
from tests.bench.topics.corpus import PROMPTS, SEED, VECTORS, nudged

EMBEDDER: Final = "bench"
RUN_ID: Final = "bench"
_SHARD_ROWS: Final = 20_000


class Part(NamedTuple):
    """Prompts of one shard."""

    ids: list[str]
    texts: list[str]
    vectors: Vectors


def write_home(corpus: Path, home: Path, rows: int) -> None:
    """Make a home of `rows` prompts; one that is there is removed.

    Args:
        corpus: a folder of `corpus.write_corpus`.
        home: where to.
        rows: fewer than the corpus has: a seeded sample of it; more: the corpus, then copies of it with a
            number after the text and nudged vectors.
    """
    shutil.rmtree(home, ignore_errors=True)
    shard_folder(str(home), EMBEDDER).mkdir(parents=True)
    warehouse.migrate(str(home))
    for part in _parts(corpus, rows):
        _add(home, part)


def row_count(home: Path) -> int:
    """How many prompts a home has vectors for."""
    shards = shard_folder(str(home), EMBEDDER).glob("*.parquet")
    return sum(pl.scan_parquet(shard).select(pl.len()).collect().item() for shard in shards)


def _parts(corpus: Path, rows: int) -> Iterator[Part]:
    texts = pl.read_parquet(corpus / PROMPTS, columns=["prompt"])["prompt"]
    vectors = np.load(corpus / VECTORS, mmap_mode="r")
    rng = np.random.default_rng(SEED)
    chosen = np.arange(len(vectors))
    if rows < len(chosen):
        chosen = np.sort(rng.choice(chosen, rows, replace=False))
    for start in range(0, rows, _SHARD_ROWS):
        numbers = np.arange(start, min(start + _SHARD_ROWS, rows))
        copy, places = np.divmod(numbers, len(chosen))
        own, own_texts = vectors[chosen[places]].astype(np.float32), texts.gather(chosen[places]).to_list()
        is_copy = copy > 0
        own[is_copy] = nudged(own[is_copy], rng)
        yield Part(
            [f"{number:08}" for number in numbers],
            [f"{text} #{number}" if number else text for text, number in zip(own_texts, copy, strict=True)],
            own,
        )


def _add(home: Path, part: Part) -> None:
    shard, frame = f"{part.ids[0]}.parquet", to_frame(part.ids, part.vectors)
    frame.write_parquet(shard_folder(str(home), EMBEDDER) / shard, compression="uncompressed")
    row = {"embedder": EMBEDDER, "shard": shard, "rows": len(part.ids), "dimensions": part.vectors.shape[1]}
    prompts = pl.DataFrame(
        {"prompt_id": part.ids, "prompt": part.texts, "language": "en"},
        schema_overrides={"language": pl.String},
    ).with_columns(asked_at=pl.lit(None, dtype=pl.Datetime))
    with warehouse.transaction(str(home)) as con:
        warehouse.run(con, "clean/add_prompts", {"run_id": RUN_ID}, {"prompts": prompts})
        warehouse.run(con, "embed/add_shard", row)


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    write_home(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]))
