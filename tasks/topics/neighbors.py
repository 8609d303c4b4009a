"""Nearest neighbours among the fitted prompts, by faiss: it needs no compilation, and both cores."""

import math
from typing import Final

import faiss
import numpy as np
from numpy.typing import NDArray

from tasks.embed.embedder import Vectors

# Up to here the exact search takes some 2 s; beyond, only the nearest cells of a k-means are searched.
_EXACT: Final = 20_000
_CELLS_PER_ROOT: Final = 2
_PROBES: Final = 8


# Positions, and cosines.
Found = tuple[NDArray[np.int64], NDArray[np.float32]]


def find_neighbors(vectors: Vectors, count: int, seed: int) -> Found:
    """The nearest vectors of each vector, itself among them.

    Args:
        vectors: shape (n, dimensions), of length 1.
        count: how many.
        seed: of the k-means that divides more than 20,000 vectors into 2 √n cells. 8 of them are searched:
            some 97 of 100 true neighbours are found.

    Returns:
        Positions and cosines, nearest first, each of shape (n, count).
    """
    vectors = np.ascontiguousarray(vectors)
    flat = faiss.IndexFlatIP(vectors.shape[1])
    index: faiss.Index = flat
    if len(vectors) > _EXACT:
        index = faiss.IndexIVFFlat(
            flat, vectors.shape[1], _CELLS_PER_ROOT * math.isqrt(len(vectors)), faiss.METRIC_INNER_PRODUCT
        )
        index.cp.seed = seed % 2**31
        index.nprobe = _PROBES
        index.train(vectors)
    index.add(vectors)
    cosines, positions = index.search(vectors, count)
    return positions, cosines
