"""Vectors on disk: one Parquet shard for some thousands of prompts."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import quote

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tasks.errors import EvergreenError, InputError
from tasks.vectors.grid import Vectors, to_grid

_ROWS_AT_ONCE: Final = 20_000
_NUMBER: Final = pl.Int16()
_UNREADABLE: Final = (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError)


def shard_folder(home: str, embedder: str) -> Path:
    """Where the shards of an embedder are; its name may have slashes, on a server of one's own."""
    return Path(home) / "shards" / "vectors" / quote(embedder, safe="")


def to_frame(prompt_ids: list[str], vectors: Vectors) -> pl.DataFrame:
    """`prompt_id` and `vector`, a fixed-size array of int16.

    Raises:
        ValueError: a vector is not on the grid.
    """
    whole = vectors.astype(np.int16)
    if not np.array_equal(whole, vectors):
        raise ValueError("vectors are stored on the grid: see tasks/vectors/grid.py")
    column = pl.Series("vector", whole, dtype=pl.Array(pl.Int16, vectors.shape[1]))
    return pl.DataFrame({"prompt_id": prompt_ids}).with_columns(column)


def from_version_0_1(shard: Path) -> pl.DataFrame | None:
    """What `to_frame` makes of a shard of version 0.1, which stored vectors as they came, as float32.

    Returns:
        None if the vectors are on the grid already.

    Raises:
        InputError: the file is damaged, or a value is NaN or infinite.
    """
    try:
        stored = pl.read_parquet_schema(shard).get("vector")
    except _UNREADABLE as error:
        raise _unreadable(shard, error) from error
    if not isinstance(stored, pl.Array) or stored.inner != pl.Float32:
        return None
    frame = _read(shard, ["prompt_id", "vector"], pl.Float32())
    try:
        return to_frame(frame["prompt_id"].to_list(), to_grid(frame["vector"].to_numpy()))
    except ValueError as error:
        raise _unusable(shard, "it has NaN or infinity in a vector") from error


def read_shard(shard: Path) -> pl.DataFrame:
    """Read `prompt_id` and `vector` of a shard.

    Raises:
        InputError: the file is damaged, or no shard of vectors.
    """
    return _read(shard, ["prompt_id", "vector"])


def read_ids(shard: Path) -> pl.Series:
    """Read whose vectors a shard has.

    Raises: see `read_shard`.
    """
    return _read(shard, ["prompt_id"])["prompt_id"]


def load(home: str, embedder: str, prompt_ids: list[str]) -> Vectors:
    """Read vectors in the order of `prompt_ids`, a shard at a time into one array.

    Returns:
        Shape (len(prompt_ids), dimensions), on the grid.

    Raises: see `blocks`.
    """
    vectors = np.empty((0, 0), dtype=np.float32)
    for positions, block in blocks(home, embedder, prompt_ids, _ROWS_AT_ONCE):
        if not len(vectors):
            vectors = np.empty((len(prompt_ids), block.shape[1]), dtype=np.float32)
        vectors[positions] = block
    return vectors


@dataclass(frozen=True)
class Shards:
    """Vectors of n prompts on disk, of which some are in memory at a time."""

    home: str
    embedder: str
    prompt_ids: list[str]

    def __len__(self) -> int:
        return len(self.prompt_ids)

    def take(self, positions: NDArray[np.int64]) -> Vectors:
        """Vectors of some prompts, in the order asked for; see `load`."""
        return load(self.home, self.embedder, [self.prompt_ids[position] for position in positions])

    def blocks(self) -> Iterator[tuple[NDArray[np.int64], Vectors]]:
        """All vectors, in the order of shards; see `blocks`."""
        return blocks(self.home, self.embedder, self.prompt_ids, _ROWS_AT_ONCE)


def blocks(
    home: str, embedder: str, prompt_ids: list[str], rows: int
) -> Iterator[tuple[NDArray[np.int64], Vectors]]:
    """Read vectors for use a block at a time, in the order of shards: no more than one is in memory.

    Args:
        home: the home.
        embedder: whose vectors.
        prompt_ids: n prompts.
        rows: how many vectors a block has at most; a shard's last one has fewer.

    Yields:
        Positions in `prompt_ids`, each of which comes once, and their vectors, on the grid: shape
        (len(positions), dimensions).

    Raises:
        EvergreenError: a prompt has no vector; before the first block.
        InputError: a shard is damaged, or has other dimensions than those before it.
    """
    shards = sorted(shard_folder(home, embedder).glob("*.parquet"))
    if not shards:
        raise EvergreenError(f"no vectors of {embedder}")
    dimensions = 0
    for (number,), places in _places(shards, embedder, prompt_ids).group_by("shard", maintain_order=True):
        vectors = _read(shards[number], ["vector"])["vector"].to_numpy()
        dimensions = dimensions or vectors.shape[1]
        if vectors.shape[1] != dimensions:
            raise _unusable(shards[number], f"its vectors are not {dimensions} long but {vectors.shape[1]}")
        for part in places.iter_slices(rows):
            yield part["position"].to_numpy(), vectors[part["row"].to_numpy()].astype(np.float32)


def _places(shards: list[Path], embedder: str, prompt_ids: list[str]) -> pl.DataFrame:
    """`position` in `prompt_ids`, `shard` and `row` of each prompt, in the order of shards and rows."""
    wanted = pl.DataFrame({"prompt_id": prompt_ids}, schema={"prompt_id": pl.String}).select(
        "prompt_id", position=pl.int_range(pl.len())
    )
    ids = pl.concat(
        pl.DataFrame({"prompt_id": read_ids(path)}).select(
            "prompt_id", shard=pl.lit(number), row=pl.int_range(pl.len())
        )
        for number, path in enumerate(shards)
    )
    # A shard left by an interrupted run may have prompts that are in another by now.
    first = ids.unique("prompt_id", keep="first", maintain_order=True)
    places = wanted.join(first, on="prompt_id").select("position", "shard", "row")
    if missing := wanted.height - places.height:
        raise EvergreenError(f"{missing} prompts have no vector of {embedder}")
    return places.sort("shard", "row", "position")


def _read(shard: Path, columns: list[str], number: pl.DataType = _NUMBER) -> pl.DataFrame:
    try:
        frame = pl.read_parquet(shard, columns=columns)
    except _UNREADABLE as error:
        raise _unreadable(shard, error) from error
    types = {"prompt_id": pl.String, "vector": pl.Array(number, _length(frame))}
    if frame.schema != {column: types[column] for column in columns}:
        raise _unusable(shard, "its columns are not those of a shard")
    if any(column.null_count() for column in frame):
        raise _unusable(shard, "it has rows without a value")
    return frame


def _length(frame: pl.DataFrame) -> int:
    dtype = frame.schema.get("vector")
    return dtype.size if isinstance(dtype, pl.Array) else 0


def _unreadable(shard: Path, error: BaseException) -> InputError:
    return _unusable(shard, f"it cannot be read ({type(error).__name__})")


def _unusable(shard: Path, what: str) -> InputError:
    return InputError(f"{shard}: {what}; delete the shard and build again: its prompts are embedded again")
