"""Vectors on the grid: directions stay, and products are the same in whatever order they are added."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.sparse import csr_matrix

from tasks.vectors.grid import STEPS, Vectors, cosines, rows_to_grid, to_grid

NUMBERS = st.floats(-1e6, 1e6, allow_nan=False, width=32)
ROWS = arrays(np.float32, st.tuples(st.integers(1, 6), st.integers(1, 40)), elements=NUMBERS)
RNG = np.random.default_rng(2)


@given(ROWS)
def test_each_number_is_the_nearest_step_of_the_unit_vector(rows: np.ndarray) -> None:
    found = to_grid(rows)
    assert (found.dtype, found.shape) == (np.float32, rows.shape)
    np.testing.assert_array_equal(found, np.rint(found))
    exact = rows.astype(np.float64)
    largest = np.abs(exact).max(axis=1, keepdims=True)
    scaled = exact / np.where(largest > 0, largest, 1)
    lengths = np.linalg.norm(scaled, axis=1, keepdims=True)
    unit = scaled / np.where(lengths > 0, lengths, 1)
    # Half a step, and a little for the 20 bits with which numbers are read.
    assert np.abs(found - unit * STEPS).max() <= 0.51


@given(ROWS)
def test_a_vector_on_the_grid_keeps_its_direction_within_half_a_step(rows: np.ndarray) -> None:
    once = to_grid(rows)
    twice = to_grid(once)
    lengths = np.linalg.norm(once, axis=1, keepdims=True)
    moved = twice - once * (STEPS / np.where(lengths > 0, lengths, 1))
    assert np.abs(moved).max() <= 0.51
    np.testing.assert_array_equal(once.any(axis=1), twice.any(axis=1))


@given(ROWS, st.integers(-60, 60))
def test_a_row_that_is_scaled_by_a_power_of_two_is_the_same_vector(rows: np.ndarray, exponent: int) -> None:
    np.testing.assert_array_equal(to_grid(np.ldexp(rows.astype(np.float64), exponent)), to_grid(rows))


@given(ROWS)
def test_a_row_does_not_depend_on_the_rows_beside_it(rows: np.ndarray) -> None:
    alone = np.concatenate([to_grid(row[None]) for row in rows])
    np.testing.assert_array_equal(to_grid(rows), alone)


@pytest.mark.parametrize("value", [1e-320, 1e-40, 1e300])
def test_numbers_of_any_size_have_a_direction(value: float) -> None:
    found = to_grid(np.array([[value, 0, -value]]))
    np.testing.assert_array_equal(found, np.rint(np.array([[1, 0, -1]]) * STEPS / np.sqrt(2)))


def test_a_row_of_zeros_stays_one_and_no_rows_are_none() -> None:
    np.testing.assert_array_equal(to_grid(np.zeros((2, 5))), np.zeros((2, 5)))
    assert to_grid(np.zeros((0, 5))).shape == (0, 5)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_value_that_is_no_finite_number_is_refused(value: float) -> None:
    rows = np.ones((3, 4))
    rows[1, 2] = value
    with pytest.raises(ValueError, match="not a finite number"):
        to_grid(rows)


def longest(dimensions: int) -> Vectors:
    """Vectors of which products are as large as can be: each beside itself."""
    rows = to_grid(RNG.standard_normal((30, dimensions)))
    return np.concatenate([rows, to_grid(np.ones((1, dimensions))), -rows])


@pytest.mark.parametrize("dimensions", [1, 256, 1_536, 8_192])
def test_products_are_the_same_in_any_order_and_type(dimensions: int) -> None:
    vectors = longest(dimensions)
    whole = vectors.astype(np.int64)
    exact = whole @ whole.T
    assert np.abs(exact).max() < 2**24
    for _ in range(3):
        order = RNG.permutation(dimensions)
        np.testing.assert_array_equal(vectors[:, order] @ vectors[:, order].T, exact)
    one_by_one = np.cumsum(vectors[:, None, :] * vectors[None, :5], axis=2, dtype=np.float32)
    np.testing.assert_array_equal(one_by_one[..., -1], exact[:, :5])


def test_cosines_are_those_of_the_directions() -> None:
    rows = RNG.standard_normal((50, 300))
    unit = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    vectors = to_grid(rows)
    np.testing.assert_allclose(cosines(vectors @ vectors.T), unit @ unit.T, atol=5e-4)
    assert cosines(vectors @ vectors.T).max() <= 1


@given(arrays(np.float64, st.tuples(st.integers(1, 6), st.integers(1, 40)), elements=NUMBERS | st.just(0.0)))
def test_sparse_rows_are_the_same_as_dense_ones(rows: np.ndarray) -> None:
    np.testing.assert_array_equal(rows_to_grid(csr_matrix(rows)).toarray(), to_grid(rows))


@pytest.mark.parametrize("shape", [(0, 3), (3, 0), (3, 5)])
def test_sparse_rows_of_nothing_stay_so(shape: tuple[int, int]) -> None:
    assert rows_to_grid(csr_matrix(shape)).toarray().tolist() == np.zeros(shape).tolist()


def test_zeros_that_a_sparse_matrix_stores_are_zeros() -> None:
    stored = csr_matrix((np.array([0.0, 0.0, 2.0]), np.array([0, 1, 1]), np.array([0, 2, 3])), shape=(2, 3))
    assert rows_to_grid(stored).toarray().tolist() == [[0, 0, 0], [0, STEPS, 0]]
