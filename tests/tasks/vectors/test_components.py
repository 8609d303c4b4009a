"""Principal components: as good as scikit-learn's, and the same bits on any processor."""

import hashlib
import os
import subprocess
import sys

import numpy as np
import pytest
from scipy.spatial.distance import pdist
from scipy.stats import spearmanr
from sklearn.decomposition import PCA

from tasks.vectors.components import places, principal_axes, principal_scores
from tasks.vectors.grid import Vectors, to_grid
from tests.places import ROOT
from tests.processors import OLDEST, ONE_THREAD, Environment, kernel, lacking

AXIS = 2.0**20


def decaying(rows: int, width: int, rate: float, seed: int = 3) -> Vectors:
    """Vectors whose variance falls by a rate from one direction to the next, in turned axes."""
    rng = np.random.default_rng(seed)
    turn, _ = np.linalg.qr(rng.standard_normal((width, width)))
    return to_grid(rng.standard_normal((rows, width)) * rate ** np.arange(width) @ turn + 0.2)


def captured(rows: Vectors, scores: np.ndarray) -> float:
    """Sum of squares that is left of centred rows when they are projected on the columns of scores."""
    centred = rows - rows.mean(axis=0, dtype=np.float64)
    basis, _ = np.linalg.qr(scores)
    return float(np.square(basis.T @ centred).sum())


@pytest.mark.parametrize("rate", [0.5, 0.7, 0.8])
@pytest.mark.parametrize("dimensions", [2, 5, 50])
def test_they_span_what_those_of_scikit_learn_do(rate: float, dimensions: int) -> None:
    rows = decaying(800, 120, rate)
    scores = principal_scores(rows, dimensions)
    assert scores.shape == (800, dimensions)
    theirs = PCA(dimensions, svd_solver="full").fit_transform(rows.astype(np.float64))
    assert captured(rows, scores) >= 0.99 * captured(rows, theirs)


def test_scores_are_the_places_along_the_axes() -> None:
    rng = np.random.default_rng(10)
    rows = np.rint(rng.standard_normal((500, 12)) * 1_000 * 0.5 ** np.arange(12)).astype(np.float32)
    ours = principal_scores(rows, 4) / AXIS
    theirs = PCA(4, svd_solver="full").fit_transform(rows.astype(np.float64))
    np.testing.assert_allclose(np.abs(ours), np.abs(theirs), atol=0.01 * np.abs(theirs).max())
    np.testing.assert_allclose(ours.mean(axis=0), 0, atol=1e-3)


def test_blocks_of_rows_and_their_order_make_no_difference() -> None:
    rows = decaying(25_000, 8, 0.8)  # three blocks
    order = np.random.default_rng(4).permutation(len(rows))
    np.testing.assert_array_equal(principal_scores(rows[order], 3), principal_scores(rows, 3)[order])


def test_axes_are_orthonormal_and_those_of_the_largest_eigenvalues() -> None:
    rows = decaying(400, 25, 0.8).astype(np.float64)
    matrix = rows.T @ rows
    axes, values = principal_axes(matrix, 6)
    np.testing.assert_allclose(axes.T @ axes / AXIS**2, np.eye(6), atol=1e-5)
    exact = np.linalg.eigvalsh(matrix)[::-1][:6]
    np.testing.assert_allclose(values / values[0], exact / exact[0], rtol=0.02)


@pytest.mark.parametrize("rank", [0, 1, 3])
def test_input_of_lower_rank_than_asked_for_has_no_more_than_it_has(rank: int) -> None:
    rng = np.random.default_rng(5)
    rows = np.rint(rng.integers(-50, 51, (200, rank)) @ rng.integers(-9, 10, (rank, 20))).astype(np.float32)
    scores = principal_scores(rows, 6)
    assert np.isfinite(scores).all()
    centred = rows - rows.mean(axis=0, dtype=np.float64)
    assert np.square(scores / AXIS).sum() == pytest.approx(np.square(centred).sum(), rel=1e-4)


def test_all_dimensions_may_be_asked_for() -> None:
    rows = decaying(60, 6, 0.9)
    scores = principal_scores(rows, 6) / AXIS
    np.testing.assert_allclose(pdist(scores), pdist(rows.astype(np.float64)), rtol=1e-3)


def test_places_of_points_in_a_plane_keep_their_distances() -> None:
    angles = np.random.default_rng(6).uniform(0, 2 * np.pi, 40)
    points = to_grid(np.column_stack([np.cos(angles), np.sin(angles)])).astype(np.float64)
    turn, _ = np.linalg.qr(np.random.default_rng(7).standard_normal((9, 9)))
    flat = to_grid(points @ turn[:2]).astype(np.float64)
    found = places(flat @ flat.T, 2)
    distances = pdist(found) * np.median(pdist(points) / pdist(found))
    np.testing.assert_allclose(distances, pdist(points), atol=0.01 * pdist(points).max())
    assert spearmanr(pdist(found), pdist(points)).statistic > 0.999


@pytest.mark.parametrize("count", [2, 3, 9])
def test_places_in_more_dimensions_than_things_differ_in_keep_their_distances(count: int) -> None:
    """Things that are equally far apart stay so, though they need a dimension less than is asked for."""
    things = to_grid(np.eye(12)[:count])
    distances = pdist(places((things @ things.T).astype(np.float64), count))
    np.testing.assert_allclose(distances, np.median(distances), rtol=1e-3)


def test_places_of_equal_things_are_one_place() -> None:
    found = places(np.full((12, 12), 16_000_000.0), 3)
    assert np.isfinite(found).all()
    np.testing.assert_array_equal(found, np.tile(found[:1], (12, 1)))


# Eigenvalues in pairs that differ in the last digits, the cut between two of them; and all of them equal.
HASH = """
import hashlib, sys
import numpy as np
from tasks.vectors.components import places, principal_axes, principal_scores
from tasks.vectors.grid import to_grid
turn = np.rint(np.linalg.qr(np.random.default_rng(8).standard_normal((60, 60)))[0] * 2.0**20)
pairs = np.repeat(0.9 ** np.arange(30), 2) * (1 + 1e-9 * np.arange(60))
rows = to_grid(np.random.default_rng(9).standard_normal((2_000, 60)))
digest = hashlib.sha256()
for found in (
    *principal_axes(np.rint((turn * np.rint(pairs * 1_000)) @ turn.T / 2**20), 7),
    *principal_axes(np.eye(60), 7),
    principal_scores(rows, 7),
    places((rows[:300] @ rows[:300].T).astype(np.float64), 7),
):
    digest.update(np.ascontiguousarray(found).tobytes())
print(digest.hexdigest())
"""
ENVIRONMENTS = {
    "Haswell": kernel("Haswell"),
    "SkylakeX": kernel("SkylakeX"),
    "Nehalem": kernel("Nehalem"),
    "oldest": OLDEST,
    "one thread": ONE_THREAD,
}


def run_here(code: str, environment: Environment) -> str:
    return subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout


@pytest.fixture(scope="module")
def usual() -> str:
    return run_here(HASH, {})


@pytest.mark.parametrize("environment", ENVIRONMENTS.values(), ids=ENVIRONMENTS)
def test_eigenvalues_that_are_nearly_equal_are_told_apart_in_the_same_way(
    usual: str, environment: Environment
) -> None:
    if reason := lacking(environment):
        pytest.skip(reason)
    assert len(usual.strip()) == len(hashlib.sha256().hexdigest())
    assert run_here(HASH, environment) == usual
