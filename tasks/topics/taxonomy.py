"""A fitted taxonomy on disk: all that another process needs to place new prompts in it."""

import hashlib
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import orjson
import polars as pl
from numpy.typing import NDArray

from tasks.errors import InputError
from tasks.storage import write_atomic
from tasks.vectors.grid import Vectors, to_grid
from tasks.vectors.search import Positions

_CENTROIDS: Final = "centroids.parquet"
_DESCRIPTION: Final = "taxonomy.json"
_HASHED_ROWS: Final = 10_000
_REFIT: Final = 'run again with topics.refit = "always"'


@dataclass(frozen=True)
class Taxonomy:
    """What a fit came to.

    Args:
        taxonomy_id: its id.
        embedder: name of what made its vectors.
        topic_ids: ids (t) of its topics.
        centroids: shape (t, dimensions), on the grid.
        placed_counts: (t), the prompts that `assign.place_held_out` gives to each topic, of those that it was
            fitted on, and `assign.place` of the others: what later prompts are compared with.
        placed_none: those that have none.
        min_similarity: the least cosine to a centroid at which a prompt is placed.
        seed: of the fit.
        prompt_count: prompts there were.
        fitted_count: of these, the prompts that the fit saw.
        vectors_sha256: see `vectors_hash`.
        library_versions: name → version.
    """

    taxonomy_id: str
    embedder: str
    topic_ids: Positions
    centroids: Vectors
    placed_counts: Positions
    placed_none: int
    min_similarity: float
    seed: int
    prompt_count: int
    fitted_count: int
    vectors_sha256: str
    library_versions: dict[str, str]

    @property
    def dimensions(self) -> int:
        """Length of a vector."""
        return int(self.centroids.shape[1])

    def check(self, embedder: str, dimensions: int) -> None:
        """See that vectors are of the kind that the taxonomy was fitted on.

        Raises:
            InputError: they are of another embedder, or of other dimensions.
        """
        if embedder != self.embedder:
            raise InputError(
                f"taxonomy {self.taxonomy_id} was fitted on vectors of {self.embedder}, these are of "
                f"{embedder}: {_REFIT}, or with that embedder"
            )
        if dimensions != self.dimensions:
            raise InputError(
                f"taxonomy {self.taxonomy_id} was fitted on vectors of {self.dimensions} dimensions, these "
                f"of {embedder} have {dimensions}: {_REFIT}"
            )


def folder(home: str, taxonomy_id: str) -> Path:
    """Where the files of a taxonomy are."""
    return Path(home) / "topics" / taxonomy_id


def save(home: str, taxonomy: Taxonomy) -> Path:
    """Write a taxonomy to its folder, the description last: without it, there is no taxonomy.

    Returns:
        The folder.
    """
    path = folder(home, taxonomy.taxonomy_id)
    frame = pl.DataFrame(
        {
            "topic_id": taxonomy.topic_ids,
            "placed_count": taxonomy.placed_counts,
            "centroid": pl.Series(
                taxonomy.centroids.astype(np.int16), dtype=pl.Array(pl.Int16, taxonomy.dimensions)
            ),
        }
    )
    buffer = io.BytesIO()
    frame.write_parquet(buffer)
    arrays = ("topic_ids", "centroids", "placed_counts")
    description = {name: value for name, value in vars(taxonomy).items() if name not in arrays}
    description |= {
        "dimensions": taxonomy.dimensions,
        "topic_count": frame.height,
        "centroids_sha256": hashlib.sha256(buffer.getvalue()).hexdigest(),
    }
    write_atomic(path / _CENTROIDS, buffer.getvalue())
    write_atomic(path / _DESCRIPTION, orjson.dumps(description, option=orjson.OPT_INDENT_2))
    return path


def load(home: str, taxonomy_id: str) -> Taxonomy:
    """Read a taxonomy that `save` wrote.

    Raises:
        InputError: it is not there, or its files are damaged or not of one fit.
    """
    path = folder(home, taxonomy_id)
    if not (path / _DESCRIPTION).is_file():
        raise InputError(f"{path}: taxonomy {taxonomy_id} is not there; {_REFIT}")
    try:
        described = orjson.loads((path / _DESCRIPTION).read_bytes())
        frame = _frame((path / _CENTROIDS).read_bytes(), described.pop("centroids_sha256"))
        del described["dimensions"], described["topic_count"]
        return Taxonomy(
            topic_ids=frame["topic_id"].to_numpy(),
            centroids=_on_grid(frame["centroid"].to_numpy()),
            placed_counts=frame["placed_count"].to_numpy(),
            **described,
        )
    except (OSError, ValueError, KeyError, TypeError, pl.exceptions.PolarsError) as error:
        raise InputError(
            f"{path}: the files of taxonomy {taxonomy_id} are damaged ({type(error).__name__}); {_REFIT}"
        ) from error


def is_whole(home: str, taxonomy_id: str) -> bool:
    """Whether `load` finds the taxonomy, undamaged."""
    try:
        load(home, taxonomy_id)
    except InputError:
        return False
    return True


def _frame(content: bytes, sha256: str) -> pl.DataFrame:
    if hashlib.sha256(content).hexdigest() != sha256:
        raise ValueError(f"{_CENTROIDS} is not the one that {_DESCRIPTION} describes")
    return pl.read_parquet(io.BytesIO(content))


def _on_grid(centroids: NDArray[Any]) -> Vectors:
    """Version 0.1 stored centroids of length 1."""
    return to_grid(centroids) if centroids.dtype == np.float32 else centroids.astype(np.float32)


def vectors_hash(prompt_ids: Sequence[str], vectors: Vectors) -> str:
    """SHA-256 over prompts and their vectors, whatever the order of rows.

    Args:
        prompt_ids: n different ids.
        vectors: theirs, shape (n, dimensions).
    """
    order = np.argsort(np.asarray(prompt_ids, dtype=str), kind="stable")
    digest = hashlib.sha256(f"{vectors.shape[1]}\n".encode())
    for start in range(0, len(order), _HASHED_ROWS):
        rows = order[start : start + _HASHED_ROWS]
        digest.update("\n".join(prompt_ids[row] for row in rows.tolist()).encode())
        digest.update(vectors[rows].astype("<i2").tobytes())
    return digest.hexdigest()
