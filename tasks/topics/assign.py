"""Where new prompts belong among topics that are there: the nearest centroid, within a limit."""

from collections.abc import Iterator

import faiss
import numpy as np
from numpy.typing import NDArray

from tasks.embed.embedder import Vectors
from tasks.errors import InputError

Positions = NDArray[np.int64]
Floats = NDArray[np.float64]
NONE = -1
# Floats of the largest array that is made: 32 MB of float32.
_BLOCK = 8_000_000
# float32 sums differ by how rows are blocked, by far less than this; what is closer is compared in float64.
_UNSURE = 1e-5
# One may be the centroid that a vector is not to be given to.
_CANDIDATES = 3


def nearest(
    vectors: Vectors, centroids: Vectors, without: Positions | None = None
) -> tuple[Positions, Floats]:
    """Find the centroid of greatest cosine for each vector, the first one where several are equal.

    Vectors may be of any length, and may be a memory map: they are read in blocks of rows, and the answer for
    a row does not depend on which rows are with it.

    Args:
        vectors: shape (n, dimensions).
        centroids: shape (t, dimensions).
        without: (n), for each vector the position of a centroid that it is not to be given to, or -1.

    Returns:
        Positions (n) in `centroids`, and the cosines (n). A vector of zeros has position -1 and cosine 0, as
        has every vector for which there is no centroid.

    Raises:
        InputError: the dimensions differ, or a value is not a finite number.
    """
    if vectors.ndim != 2 or centroids.ndim != 2 or vectors.shape[1] != centroids.shape[1]:
        raise InputError(
            f"vectors of shape {vectors.shape} have no place among centroids of shape {centroids.shape}: "
            "both must come from one embedder"
        )
    positions = np.full(len(vectors), NONE, dtype=np.int64)
    similarity = np.zeros(len(vectors))
    units = _units(centroids, "centroids")
    index = faiss.IndexFlatIP(units.shape[1])
    index.add(units.astype(np.float32))
    rows = max(1, _BLOCK // max(1, *centroids.shape))
    for start in range(0, len(vectors), rows):
        block = _units(vectors[start : start + rows], f"vectors from row {start} on")
        skipped = np.full(len(block), NONE) if without is None else without[start : start + rows]
        left = len(units) - (skipped != NONE)
        filled = np.flatnonzero(block.any(axis=1) & (left > 0))
        found, cosines = _nearest_in_block(block[filled], units, index, skipped[filled])
        positions[start + filled], similarity[start + filled] = found, cosines
    return positions, similarity


def place(vectors: Vectors, centroids: Vectors, min_similarity: float) -> tuple[Positions, Floats]:
    """Give each vector to its nearest centroid, or to none (-1) where even that is below `min_similarity`.

    Args:
        vectors: shape (n, dimensions).
        centroids: shape (t, dimensions).
        min_similarity: the least cosine.

    Returns:
        Positions (n), and the cosines (n) to the nearest centroid, also where that is too far.

    Raises:
        InputError: see `nearest`.
    """
    positions, similarity = nearest(vectors, centroids)
    return np.where(similarity >= min_similarity, positions, NONE), similarity


def place_held_out(
    vectors: Vectors, labels: Positions, centroids: Vectors, min_similarity: float
) -> Positions:
    """Place the prompts of a fit as if they came later: each beside the centroid of the other members.

    A prompt is nearer to a centroid that it had a part in, in small topics by much. What is counted so can be
    compared with prompts that the fit did not see.

    Args:
        vectors: shape (n, dimensions), those of the fit, of length 1 or 0.
        labels: (n), the topics whose centroid a prompt is part of, or -1: outliers moved there later are not.
        centroids: shape (t, dimensions).
        min_similarity: the least cosine.

    Returns:
        Positions (n), -1 for none.
    """
    sums = np.zeros(centroids.shape)
    members = np.flatnonzero(labels != NONE)
    np.add.at(sums, labels[members], vectors[members])
    positions, similarity = nearest(vectors, centroids, labels)
    rows = max(1, _BLOCK // max(1, centroids.shape[1]))
    for start in range(0, len(members), rows):
        part = members[start : start + rows]
        own = vectors[part].astype(np.float64)
        others = _units(sums[labels[part]] - own, "centroids")
        cosines = (others * own).sum(axis=1)
        is_own = (cosines >= similarity[part]) & others.any(axis=1)
        positions[part] = np.where(is_own, labels[part], positions[part])
        similarity[part] = np.where(is_own, cosines, similarity[part])
    return np.where(similarity >= min_similarity, positions, NONE)


def _units(rows: Vectors | Floats, what: str) -> Floats:
    """Rows of length 1 or 0, in float64."""
    exact = np.asarray(rows, dtype=np.float64)
    if bad := int((~np.isfinite(exact).all(axis=1)).sum()):
        raise InputError(f"{what}: {bad} of {len(rows)} have values that are no numbers: embed them again")
    lengths = np.sqrt((exact * exact).sum(axis=1, keepdims=True))
    return np.asarray(exact / np.where(lengths > 0, lengths, 1), dtype=np.float64)


def _nearest_in_block(
    block: Floats, units: Floats, index: faiss.Index, without: Positions
) -> tuple[Positions, Floats]:
    """The best of faiss's candidates; where float32 sums can't tell, float64 sums of single rows do."""
    if not len(block):
        return np.empty(0, dtype=np.int64), np.empty(0)
    cosines, columns = index.search(block.astype(np.float32), min(_CANDIDATES, len(units)))
    cosines[columns == without[:, None]] = -np.inf
    best = cosines.argmax(axis=1)[:, None]
    found = np.take_along_axis(columns, best, axis=1)[:, 0]
    unsure = np.flatnonzero((cosines >= np.take_along_axis(cosines, best, axis=1) - _UNSURE).sum(axis=1) > 1)
    found[unsure] = _decide(block[unsure], units, without[unsure])
    exact = np.concatenate(list(_dots(block, np.arange(len(block)), units, found)))
    return found, exact.clip(-1, 1)


def _decide(block: Floats, units: Floats, without: Positions) -> Positions:
    """The first of the centroids whose float64 cosine is greatest."""
    cosines = block.astype(np.float32) @ units.T.astype(np.float32)
    skipping = np.flatnonzero(without != NONE)
    cosines[skipping, without[skipping]] = -np.inf
    row, column = np.nonzero(cosines >= cosines.max(axis=1, keepdims=True) - _UNSURE)
    exact = np.concatenate([np.empty(0), *_dots(block, row, units, column)])
    order = np.lexsort((column, -exact, row))
    return column[order[np.searchsorted(row, np.arange(len(block)))]]


def _dots(block: Floats, row: Positions, units: Floats, column: Positions) -> Iterator[Floats]:
    """Products of pairs of rows, rounded so that the last bits of equal centroids make no difference."""
    pairs = max(1, _BLOCK // max(1, 2 * block.shape[1]))
    for start in range(0, len(row), pairs):
        part = slice(start, start + pairs)
        yield (block[row[part]] * units[column[part]]).sum(axis=1).round(12)
