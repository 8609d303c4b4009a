"""Principal components, the same in all bits on any processor."""

from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tasks.vectors.grid import Floats

# Axes have whole numbers in steps of 2^-20, matrices in 2^-30 of their longest row: what is summed in a
# product of the two stays below 2^53, so float64 holds it exactly, in whatever order it is added.
_AXIS: Final = 2.0**20
_MATRIX: Final = 2.0**30
_ROUNDS: Final = 15
_ROWS_AT_ONCE: Final = 10_000


def principal_scores(rows: NDArray[np.float32], dimensions: int) -> Floats:
    """Where rows stand along their first principal components.

    Args:
        rows: whole numbers of shape (n, m), rows shorter than 2^13, such as vectors on the grid; n < 2^20.
        dimensions: how many components, at most m.

    Returns:
        Shape (n, dimensions), centred, in steps of 2^-20.
    """
    count, width = rows.shape
    products, sums = np.zeros((width, width)), np.zeros(width)
    for block in _blocks(rows):
        products += block.T @ block
        sums += block.sum(axis=0)
    axes, _ = principal_axes(products - sums[:, None] * (sums / count), dimensions)
    scores = np.concatenate([block @ axes for block in _blocks(rows)])
    return np.asarray(scores - (sums @ axes) / count)


def places(similarities: Floats, dimensions: int) -> Floats:
    """Coordinates whose inner products are about these similarities: classical multidimensional scaling.

    Args:
        similarities: symmetric whole numbers of shape (n, n).
        dimensions: how many, at most n.

    Returns:
        Shape (n, dimensions): those in which they differ most, in no particular unit.
    """
    sums, count = similarities.sum(axis=0), len(similarities)
    mean = sums / count
    centred = similarities - mean
    centred -= mean[:, None] - sums.sum() / count**2
    axes, values = principal_axes(centred, dimensions)
    return np.asarray(axes * np.sqrt(values))


def principal_axes(matrix: Floats, dimensions: int) -> tuple[Floats, Floats]:
    """The eigenvectors of the largest eigenvalues, by orthogonal iteration (Golub, Van Loan, 8.2.4).

    Eigenvectors whose eigenvalues are nearly equal cannot be told apart, and LAPACK mixes them in another way
    on each processor. Here all products are sums of whole numbers, which are exact, and the rest is done
    number by number: they are mixed in the same way everywhere.

    Args:
        matrix: symmetric and positive semidefinite, shape (m, m).
        dimensions: how many, at most m.

    Returns:
        The axes, shape (m, dimensions): columns of whole numbers in steps of 2^-20, of length 1 or 0. And the
        eigenvalues, shape (dimensions), in no particular unit.
    """
    longest = np.abs(matrix).max(initial=0) * len(matrix)
    whole = matrix * (_MATRIX / longest if longest > 0 else 0)
    np.rint(whole, out=whole)
    start = np.random.default_rng(0).integers(-1_000, 1_001, (len(matrix), dimensions))
    axes = _orthonormal(start.astype(np.float64))
    for _ in range(_ROUNDS):
        turned = whole @ axes
        axes = _orthonormal(turned)
    turned, largest = _scaled(turned)
    return axes, largest * _lengths(turned)


def _blocks(rows: NDArray[np.float32]) -> Iterator[Floats]:
    for start in range(0, len(rows), _ROWS_AT_ONCE):
        yield rows[start : start + _ROWS_AT_ONCE].astype(np.float64)


def _orthonormal(columns: Floats) -> Floats:
    """Gram-Schmidt: each column without its part along those before it, of length 1, in whole numbers."""
    rest = _unit(columns)
    for column in range(rest.shape[1]):
        left = rest[:, column : column + 1]
        # Less than a step in each number is rounding: the column lies among those before it.
        axis = _unit(left) if np.abs(left).max() > 1 else np.zeros_like(left)
        rest[:, column : column + 1] = axis
        later = rest[:, column + 1 :]
        along = (axis.T @ np.rint(later)) / _AXIS**2
        later -= axis * along
    return rest


def _unit(columns: Floats) -> Floats:
    """Columns of length 1 or 0, in whole numbers of 2^-20."""
    whole, _ = _scaled(columns)
    lengths = _lengths(whole)
    return np.rint(whole * (_AXIS / np.where(lengths > 0, lengths, 1)))


def _scaled(columns: Floats) -> tuple[Floats, Floats]:
    """Whole numbers of 2^-20 of each column's largest value, and that value."""
    largest = np.abs(columns).max(axis=0, initial=0)
    return np.rint(columns * (_AXIS / np.where(largest > 0, largest, 1))), largest


def _lengths(whole: Floats) -> Floats:
    return np.asarray(np.sqrt((whole * whole).sum(axis=0)))
