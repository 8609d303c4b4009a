"""Fitted offline embedders on disk: one Parquet file each, a row a term."""

import hashlib
import io
from pathlib import Path

import numpy as np
import polars as pl

from tasks.embed.embedder import Fitted
from tasks.errors import InputError
from tasks.storage import write_atomic

_CHECKSUM = "evergreen.checksum"


def embedder_file(home: str, name: str) -> Path:
    """Where an embedder is: `embedders/<name>/terms.parquet` of the home."""
    return Path(home) / "embedders" / name / "terms.parquet"


def save(home: str, fitted: Fitted) -> None:
    """Write `term`, `idf` and, if vectors are reduced, `component`: what the term adds to a vector.

    The file is there whole or not at all; its checksum is in its metadata.
    """
    frame = pl.DataFrame(
        {"term": fitted.terms, "idf": fitted.idf}, schema={"term": pl.String, "idf": pl.Float32}
    )
    if len(fitted.components):
        column = pl.Series(
            "component", fitted.components.T, dtype=pl.Array(pl.Float32, len(fitted.components))
        )
        frame = frame.with_columns(column)
    buffer = io.BytesIO()
    frame.write_parquet(buffer, metadata={_CHECKSUM: _checksum(fitted)})
    write_atomic(embedder_file(home, fitted.name), buffer.getvalue())


def read(home: str, name: str) -> Fitted | None:
    """Read an embedder, which then embeds as it did at its fit; None: it is not there.

    Raises:
        InputError: the file is damaged.
    """
    path = embedder_file(home, name)
    if not path.is_file():
        return None
    try:
        frame = pl.read_parquet(path)
        checksum = pl.read_parquet_metadata(path).get(_CHECKSUM)
        fitted = _fitted(name, frame)
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError) as error:
        raise _damaged(path, type(error).__name__) from error
    if checksum != _checksum(fitted):
        raise _damaged(path, "its checksum is another")
    return fitted


def _fitted(name: str, frame: pl.DataFrame) -> Fitted:
    components = np.zeros((0, frame.height), dtype=np.float32)
    if "component" in frame.columns:
        components = np.ascontiguousarray(frame["component"].to_numpy().T)
    return Fitted(name, frame["term"].to_list(), frame["idf"].to_numpy(), components)


def _checksum(fitted: Fitted) -> str:
    digest = hashlib.sha256(f"{fitted.name}\n{fitted.components.shape}\n".encode())
    digest.update("\n".join(fitted.terms).encode())
    digest.update(fitted.idf.tobytes())
    digest.update(fitted.components.tobytes())
    return digest.hexdigest()


def _damaged(path: Path, what: str) -> InputError:
    return InputError(
        f"{path}: the saved embedder is damaged ({what}): put it back, or delete it to fit anew"
    )
