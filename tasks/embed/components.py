"""Truncated SVD of a tall sparse matrix, a block of rows at a time."""

from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import eigh, lu, qr
from scipy.sparse import csr_matrix
from threadpoolctl import threadpool_limits

_OVERSAMPLES: Final = 10
_ROUNDS: Final = 6
_ROWS_AT_ONCE: Final = 20_000

Matrix = NDArray[np.float32]


def principal_components(weights: csr_matrix, dimensions: int, seed: int) -> Matrix:
    """The right singular vectors of the largest singular values: orthonormal rows.

    Subspace iteration in the space of columns, then Rayleigh-Ritz (Halko, Martinsson, Tropp 2011). Its six
    rounds span what scikit-learn's `TruncatedSVD` spans with its five, but no dense matrix has as many rows
    as `weights`, whose QR takes most of the time and memory there. The same on any number of threads.

    Args:
        weights: float32, of shape (n, m).
        dimensions: how many, at most m.
        seed: of the first, random subspace.

    Returns:
        float32 of shape (dimensions, m); of each row, the value furthest from 0 is positive.
    """
    size = min(dimensions + _OVERSAMPLES, weights.shape[1])
    basis = np.random.default_rng(seed).standard_normal((weights.shape[1], size), dtype=np.float32)
    with threadpool_limits(1):  # the order of sums is that of one thread
        for _ in range(_ROUNDS):
            basis = lu(_onward(weights, basis), permute_l=True, check_finite=False, overwrite_a=True)[0]
        basis = qr(basis, mode="economic", check_finite=False, overwrite_a=True)[0]
        _, rotation = eigh(_gram(weights, basis))
        largest = rotation[:, ::-1][:, :dimensions]
        components = np.ascontiguousarray((basis @ largest.astype(np.float32)).T)
    furthest = np.take_along_axis(components, np.abs(components).argmax(axis=1)[:, None], axis=1)
    return np.asarray(components * np.sign(furthest), dtype=np.float32)


def _blocks(weights: csr_matrix) -> Iterator[csr_matrix]:
    for start in range(0, weights.shape[0], _ROWS_AT_ONCE):
        yield weights[start : start + _ROWS_AT_ONCE]


def _onward(weights: csr_matrix, basis: Matrix) -> Matrix:
    """Multiply a basis by the transpose of `weights` times `weights`."""
    product = np.zeros_like(basis)
    for block in _blocks(weights):
        product += block.T @ (block @ basis)
    return product


def _gram(weights: csr_matrix, basis: Matrix) -> NDArray[np.float64]:
    """Inner products of what `weights` makes of each column of a basis."""
    total = np.zeros((basis.shape[1], basis.shape[1]))
    for block in _blocks(weights):
        reduced = (block @ basis).astype(np.float64)
        total += reduced.T @ reduced
    return total
