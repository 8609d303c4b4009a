"""The nearest vectors of each vector: exact, by faiss, on all cores."""

from typing import Final

import faiss
import numpy as np
from numpy.typing import NDArray

from tasks.errors import InputError
from tasks.vectors.grid import Vectors

Positions = NDArray[np.int64]
# Products of the largest array that is made: 16 MB of float32.
_BLOCK: Final = 4_000_000


def search(queries: Vectors, references: Vectors, count: int) -> tuple[Positions, Vectors]:
    """Find the references of greatest inner product with each query; of equal ones, the first.

    Args:
        queries: shape (n, dimensions), on the grid.
        references: shape (m, dimensions), on the grid; m >= 1.
        count: how many, at most m.

    Returns:
        Positions and inner products, nearest first, each of shape (n, count).

    Raises:
        InputError: the dimensions differ.
    """
    if queries.shape[1] != references.shape[1]:
        raise InputError(
            f"vectors of {queries.shape[1]} and {references.shape[1]} dimensions cannot be compared: "
            "all must come from one embedder"
        )
    index = faiss.IndexFlatIP(references.shape[1])
    index.add(np.ascontiguousarray(references))
    asked = min(count + 1, len(references))  # one more, to see whether a tie goes on
    products, positions = index.search(np.ascontiguousarray(queries), asked)
    order = np.lexsort((positions, -products), axis=1)[:, :count]
    found, best = (np.take_along_axis(values, order, axis=1) for values in (positions, products))
    # Which of equal ones faiss keeps is not documented: where a tie goes on, all references are compared.
    tied = np.flatnonzero((products[:, -1] == best[:, -1]) & (asked < len(references)))
    rows = max(1, _BLOCK // len(references))
    for start in range(0, len(tied), rows):
        part = tied[start : start + rows]
        found[part], best[part] = _first_of_equal(queries[part] @ references.T, best[part, -1:], count)
    return found, best


def _first_of_equal(products: Vectors, least: Vectors, count: int) -> tuple[Positions, Vectors]:
    """The greatest products of each row, all at `least` that great: the first of equal ones."""
    row, column = np.nonzero(products >= least)
    order = np.lexsort((column, -products[row, column], row))
    starts = np.searchsorted(row, np.arange(len(products)))
    chosen = order[starts[:, None] + np.arange(count)]
    return column[chosen], products[row[chosen], column[chosen]]
