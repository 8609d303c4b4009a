"""The components of large corpora: as good as an exact SVD where it can be had, and always the same."""

import os
import subprocess
import sys

import numpy as np
import pytest
from scipy.sparse import csr_matrix, random_array
from sklearn.decomposition import TruncatedSVD

from tasks.embed.components import principal_components

ROWS = 45_000  # three blocks, the last one a short one


@pytest.fixture(scope="module")
def weights() -> csr_matrix:
    """A sparse matrix with some strong directions: groups of columns that rows have in common."""
    made = random_array((ROWS, 300), density=0.02, format="csr", dtype=np.float32, rng=3)
    scale = np.float32(0.98) ** np.arange(300, dtype=np.float32)
    return csr_matrix(made.multiply(scale[None, :]))


def energy(weights: csr_matrix, components: np.ndarray) -> float:
    return float(np.square(weights @ components.T, dtype=np.float64).sum())


def test_where_the_subspace_is_the_whole_space_they_are_those_of_an_exact_svd(weights: csr_matrix) -> None:
    few = weights[:, :12]
    values, vectors = np.linalg.eigh((few.T @ few).toarray().astype(np.float64))
    components = principal_components(few, 5, seed=1)
    assert np.square(few @ components.T).sum(axis=0) == pytest.approx(values[::-1][:5], rel=1e-4)
    assert np.abs(components @ vectors[:, ::-1][:, :5]) == pytest.approx(np.eye(5), abs=1e-2)


def test_they_keep_as_much_as_those_of_scikit_learn(weights: csr_matrix) -> None:
    ours = energy(weights, principal_components(weights, 30, seed=1))
    theirs = energy(weights, TruncatedSVD(30, random_state=1).fit(weights).components_)
    assert ours >= theirs * (1 - 1e-5)


def test_they_are_orthonormal_and_their_signs_are_settled(weights: csr_matrix) -> None:
    components = principal_components(weights, 20, seed=1)
    assert (components.shape, components.dtype) == ((20, 300), np.float32)
    np.testing.assert_allclose(components @ components.T, np.eye(20), atol=1e-5)
    assert (components.max(axis=1) == np.abs(components).max(axis=1)).all()


def test_there_can_be_as_many_as_columns(weights: csr_matrix) -> None:
    components = principal_components(weights[:, :6], 6, seed=1)
    np.testing.assert_allclose(components @ components.T, np.eye(6), atol=1e-5)


HASH = """
import hashlib, numpy as np, scipy.sparse as sp
from tasks.embed.components import principal_components
made = sp.csr_matrix(sp.random_array((3000, 900), density=0.02, dtype=np.float32, rng=3))
print(hashlib.sha256(principal_components(made, 100, 1).tobytes()).hexdigest())
"""


def test_they_are_the_same_in_another_process_on_any_number_of_threads() -> None:
    hashes = {
        subprocess.run(
            [sys.executable, "-c", HASH],
            env=os.environ | {"OPENBLAS_NUM_THREADS": threads, "OMP_NUM_THREADS": threads},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for threads in ("1", "2", "4")
    }
    assert len(hashes) == 1
    assert len(hashes.pop().strip()) == 64
