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
# For all neighbours of the graph; for the nearest one, where a prompt stands on the map, a part will do.
_PROBES, _PROBES_FOR_ONE = 16, 6


# Positions, and cosines.
Found = tuple[NDArray[np.int64], NDArray[np.float32]]


class Neighbors:
    """An index over n vectors of length 1 or 0.

    Args:
        vectors: shape (n, dimensions).
        seed: of the k-means that divides more than 20,000 vectors into 2 √n cells. 16 of them are searched:
            some 95 of 100 true neighbours are found.
    """

    def __init__(self, vectors: Vectors, seed: int) -> None:
        flat = faiss.IndexFlatIP(vectors.shape[1])
        self._index: faiss.Index = flat
        if len(vectors) > _EXACT:
            cells = _CELLS_PER_ROOT * math.isqrt(len(vectors))
            divided = faiss.IndexIVFFlat(flat, vectors.shape[1], cells, faiss.METRIC_INNER_PRODUCT)
            divided.cp.seed = seed % 2**31
            divided.train(vectors)
            self._index = divided
        self._index.add(np.ascontiguousarray(vectors))

    def search(self, vectors: Vectors, count: int) -> Found:
        """The `count` nearest of the index, nearest first, and their cosines, each of shape (rows, count)."""
        if isinstance(self._index, faiss.IndexIVF):
            self._index.nprobe = _PROBES if count > 1 else _PROBES_FOR_ONE
        cosines, positions = self._index.search(np.ascontiguousarray(vectors), count)
        return positions, cosines
