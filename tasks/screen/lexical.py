"""Texts that share most of their telling words, as the offline embedder weighs them before its reduction.

Its reduced vectors tell topics apart, not questions: README.md has the figures. All pairs above the limit are
found, and few others are looked at: two such texts share one of their rarest words (prefix filtering, after
Bayardo, Ma, Srikant 2007).
"""

from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

_WORD: Final = r"\w\w+|\p{L}"
# Texts that are compared at a time: their candidates among 50,000 references fit into some hundred megabytes.
_BLOCK: Final = 4_000
# How long the rest of a row may be, as a share of the limit: less makes more candidates, but few to look at.
_START: Final = 2 / 3
_PAIRS: Final = {"text": pl.Int64, "reference": pl.Int64, "similarity": pl.Float64}


def similar_pairs(texts: pl.Series, references: pl.Series, idf: pl.DataFrame, limit: float) -> pl.DataFrame:
    """Find all pairs of a text and a reference whose weighed words have at least a cosine.

    Args:
        texts: n texts.
        references: m texts.
        idf: `word` and its `idf`; words that it lacks weigh as much as its rarest.
        limit: the cosine, above 0.

    Returns:
        `text` and `reference`, positions, and `similarity` of each pair.
    """
    theirs = _weights(references, idf)
    # Columns in the order of frequency: the rarest words of a row come first.
    counts = theirs.group_by("word").len().sort("len", "word")
    columns = counts.select("word").with_row_index("column")
    matrix = _matrix(theirs, columns, len(references))
    start, rest = _prefix(matrix, _START * limit)
    found = [pl.DataFrame(schema=_PAIRS)]
    for offset in range(0, len(texts), _BLOCK):
        block = texts[offset : offset + _BLOCK]
        own = _matrix(_weights(block, idf), columns, len(block))
        own_start, own_rest = _prefix(own, _START * limit)
        shared = (own_start @ start.T).tocoo()
        # What lies behind both prefixes adds no more than the longer rest.
        may_be = shared.data + np.maximum(own_rest[shared.row], rest[shared.col]) >= limit
        rows, places = shared.row[may_be], shared.col[may_be]
        cosines = np.asarray(own[rows].multiply(matrix[places]).sum(axis=1)).ravel()
        is_found = cosines >= limit
        found.append(_pairs(rows[is_found] + offset, places[is_found], cosines[is_found]))
    return pl.concat(found)


def _pairs(rows: NDArray[np.int64], places: NDArray[np.int64], cosines: NDArray[np.float32]) -> pl.DataFrame:
    values = {"text": rows, "reference": places, "similarity": cosines.astype(np.float64).round(4)}
    return pl.DataFrame(values).cast(_PAIRS)  # type: ignore[arg-type]


def _weights(texts: pl.Series, idf: pl.DataFrame) -> pl.DataFrame:
    """`row`, `word` and `weight` of all words but stop words; the weights of a row have length 1."""
    lists = texts.str.to_lowercase().str.extract_all(_WORD)
    words = pl.DataFrame({"row": np.arange(len(texts)), "word": lists}).explode("word").drop_nulls()
    counts = words.group_by("row", "word").len().filter(~pl.col("word").is_in(list(ENGLISH_STOP_WORDS)))
    unknown = pl.lit(idf["idf"].max() or 1.0)
    weight = (1 + pl.col("len").log()) * pl.coalesce("idf", unknown)
    weighed = counts.join(idf, on="word", how="left").select("row", "word", weight=weight)
    length = pl.col("weight").pow(2).sum().over("row").sqrt()
    return weighed.with_columns((pl.col("weight") / length).cast(pl.Float32))


def _matrix(weights: pl.DataFrame, columns: pl.DataFrame, rows: int) -> csr_matrix:
    """Weights of shape (rows, columns), each row in the order of columns."""
    entries = weights.join(columns, on="word").sort("row", "column")
    ends = np.searchsorted(entries["row"].to_numpy(), np.arange(rows + 1))
    parts = (entries["weight"].to_numpy(), entries["column"].to_numpy().astype(np.int64), ends)
    return csr_matrix(parts, shape=(rows, columns.height), dtype=np.float32)


def _prefix(matrix: csr_matrix, limit: float) -> tuple[csr_matrix, NDArray[np.float64]]:
    """The first entries of each row, until the rest is shorter than `limit`, and how long that rest is."""
    squares = np.concatenate([[0.0], np.cumsum(matrix.data.astype(np.float64) ** 2)])
    lengths = np.diff(matrix.indptr)
    row_ends = np.repeat(squares[matrix.indptr[1:]], lengths)
    is_kept = np.sqrt(np.maximum(row_ends - squares[:-1], 0)) >= limit
    kept = np.concatenate([[0], np.cumsum(is_kept)])[matrix.indptr]
    first = csr_matrix((matrix.data[is_kept], matrix.indices[is_kept], kept), shape=matrix.shape)
    last = matrix.indptr[:-1] + np.diff(kept)
    rest = np.sqrt(np.maximum(squares[matrix.indptr[1:]] - squares[last], 0))
    return first, rest
