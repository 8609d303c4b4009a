"""Where new prompts belong among topics that are there: the nearest centroid, within a limit."""

import numpy as np

from tasks.errors import InputError
from tasks.vectors.grid import Floats, Vectors, cosines, to_grid
from tasks.vectors.search import Positions, search

NONE = -1
# Numbers of the largest array that is made: 16 MB of float64.
_BLOCK = 2_000_000


def nearest(
    vectors: Vectors, centroids: Vectors, without: Positions | None = None
) -> tuple[Positions, Floats]:
    """Find the centroid of greatest cosine for each vector, the first one where several are equal.

    Args:
        vectors: shape (n, dimensions), on the grid.
        centroids: shape (t, dimensions), on the grid.
        without: (n), for each vector the position of a centroid that it is not to be given to, or -1.

    Returns:
        Positions (n) in `centroids`, and the cosines (n). A vector of zeros has position -1 and cosine 0, as
        has every vector for which there is no centroid.

    Raises:
        InputError: the dimensions differ.
    """
    if vectors.ndim != 2 or centroids.ndim != 2 or vectors.shape[1] != centroids.shape[1]:
        raise InputError(
            f"vectors of shape {vectors.shape} have no place among centroids of shape {centroids.shape}: "
            "both must come from one embedder"
        )
    positions, similarity = np.full(len(vectors), NONE), np.zeros(len(vectors))
    skipped = np.full(len(vectors), NONE) if without is None else without
    filled = np.flatnonzero(vectors.any(axis=1) & (len(centroids) > (skipped != NONE)))
    if len(filled):
        best, products = search(vectors[filled], centroids, min(1 if without is None else 2, len(centroids)))
        row = np.arange(len(filled))
        choice = (best[:, 0] == skipped[filled]).astype(np.int64)
        positions[filled], similarity[filled] = best[row, choice], cosines(products[row, choice])
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
        vectors: shape (n, dimensions), those of the fit, on the grid.
        labels: (n), the topics whose centroid a prompt is part of, or -1: outliers moved there later are not.
        centroids: shape (t, dimensions), on the grid.
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
        others = to_grid(sums[labels[part]] - vectors[part])
        own = cosines((others * vectors[part]).sum(axis=1))
        is_own = (own >= similarity[part]) & others.any(axis=1)
        positions[part] = np.where(is_own, labels[part], positions[part])
        similarity[part] = np.where(is_own, own, similarity[part])
    return np.where(similarity >= min_similarity, positions, NONE)
