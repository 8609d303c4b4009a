"""The nearest reference of each vector, by faiss, which never holds the cosines of all with all."""

import math
from collections.abc import Iterable
from typing import Final

import faiss
import numpy as np
from numpy.typing import NDArray

from tasks.embed.embedder import Vectors

# Products of numbers up to which the exact search is taken: some 10 s on two cores. 5,000 new prompts beside
# 50,000 references, of 1,536 dimensions, are below.
_EXACT: Final = 5 * 10**11
# Beyond, a bit a dimension tells which references are worth an exact look: RaBitQ (Gao, Long 2024).
_PROBES: Final = 24
_LOOKS: Final = 16
_SEED: Final = 1

# Positions of vectors, and the vectors.
Blocks = Iterable[tuple[NDArray[np.int64], Vectors]]


def index_of(references: Vectors, queries: int) -> faiss.Index:
    """An index of references.

    Args:
        references: float32 of shape (m, dimensions), each row of length 1 or 0.
        queries: how many vectors will be looked up. If that is too much work for the exact search, the index
            has 2 √m cells of a k-means, 24 of them are searched, and the 16 nearest by one bit a dimension are
            compared exactly: README.md tells how much that finds.
    """
    count, dimensions = references.shape
    references = np.ascontiguousarray(references)
    if count * dimensions * queries <= _EXACT:
        index = faiss.IndexFlatIP(dimensions)
    else:
        cells = 2 * math.isqrt(count)
        index = faiss.index_factory(dimensions, f"IVF{cells},RaBitQ,RFlat", faiss.METRIC_INNER_PRODUCT)
        index.k_factor = _LOOKS
        by_cells = faiss.extract_index_ivf(index)
        by_cells.cp.seed = _SEED
        by_cells.nprobe = min(_PROBES, cells)
        index.train(references)
    index.add(references)
    return index


def nearest(index: faiss.Index, vectors: Vectors) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """The nearest reference of each vector.

    Args:
        index: of the references.
        vectors: float32 of shape (n, dimensions), each row of length 1 or 0.

    Returns:
        Positions and cosines, each of shape (n,).
    """
    cosines, positions = index.search(np.ascontiguousarray(vectors), 1)
    return positions[:, 0], cosines[:, 0].astype(np.float64).round(4)
