"""The grid that all vectors lie on: unit vectors in steps of 1/4000, so that sums of products are exact.

A vector on the grid has whole numbers and a length of about 4,000. The inner product of two is below 2^24, as
is every part of its sum, so float32 holds it exactly: BLAS, faiss and NumPy get the same number on any
processor and any number of threads, in whatever order they add. What such products find is thus the same
everywhere.
"""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

STEPS: Final = 4_000
# Numbers are read with this many bits, so their squares and the sums of 8,192 squares are exact in float64.
_BITS: Final = 20
# Logarithms and probabilities are not on the grid, and have other last bits on other processors. They are
# rounded to so many digits before they are compared or ranked.
DIGITS: Final = 9

# float32 of shape (n, dimensions): whole numbers.
Vectors = NDArray[np.float32]
Floats = NDArray[np.float64]


def to_grid(rows: NDArray[Any]) -> Vectors:
    """Bring rows of any length to length 1, and to the nearest point of the grid.

    Each row is read in whole numbers of 2^-20 of (a power of two above) its largest value. So a row that is
    scaled by a power of two gives the same vector, and the length comes from a sum without rounding.

    Args:
        rows: numbers of shape (n, dimensions), up to 8,192 dimensions.

    Returns:
        Whole numbers of shape (n, dimensions); a row of zeros stays one.

    Raises:
        ValueError: a value is NaN or infinite.
    """
    exact = np.asarray(rows, dtype=np.float64)
    if not np.isfinite(exact).all():
        raise ValueError("a vector has a value that is not a finite number")
    _, exponents = np.frexp(np.abs(exact).max(axis=1, keepdims=True, initial=0))
    whole = np.rint(np.ldexp(exact, _BITS - exponents))
    lengths = np.sqrt((whole * whole).sum(axis=1, keepdims=True))
    return np.asarray(np.rint(whole * STEPS / np.where(lengths > 0, lengths, 1)), dtype=np.float32)


def rows_to_grid(rows: csr_matrix) -> csr_matrix:
    """`to_grid` of a sparse matrix."""
    lengths = np.diff(rows.indptr)
    found = rows.astype(np.float64)
    filled = np.flatnonzero(lengths)
    starts = rows.indptr[filled]
    largest = np.repeat(np.maximum.reduceat(np.abs(found.data), starts), lengths[filled])
    found.data = np.rint(np.ldexp(found.data, _BITS - np.frexp(largest)[1]))
    squares = np.add.reduceat(found.data * found.data, starts)
    long = np.sqrt(np.where(squares > 0, squares, 1))  # a row may have nothing but zeros stored
    found.data = np.rint(found.data * STEPS / np.repeat(long, lengths[filled]))
    return found


def cosines(products: NDArray[Any]) -> Floats:
    """Cosines of vectors with these inner products, to within 0.0005: lengths are not quite 4,000."""
    return np.asarray((products / np.float64(STEPS * STEPS)).clip(-1, 1))
