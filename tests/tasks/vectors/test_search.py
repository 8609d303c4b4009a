"""The nearest vectors are those of brute force, the first of equal ones."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.errors import InputError
from tasks.vectors import search as module
from tasks.vectors.grid import Vectors, to_grid
from tasks.vectors.search import search

RNG = np.random.default_rng(6)


def assert_is_by_brute_force(queries: Vectors, references: Vectors, count: int) -> None:
    products = queries.astype(np.int64) @ references.astype(np.int64).T
    order = np.argsort(-products, axis=1, kind="stable")[:, :count]
    positions, best = search(queries, references, count)
    assert (positions.dtype, best.dtype) == (np.int64, np.float32)
    np.testing.assert_array_equal(positions, order)
    np.testing.assert_array_equal(best, np.take_along_axis(products, order, axis=1))


@pytest.mark.parametrize("queries", [1, 19, 20, 300])  # faiss goes another way from 20 on
@pytest.mark.parametrize(("references", "count"), [(1, 1), (6, 6), (6, 2), (7, 3), (500, 1), (500, 15)])
def test_random_vectors(queries: int, references: int, count: int) -> None:
    vectors = to_grid(RNG.standard_normal((queries, 40)))
    assert_is_by_brute_force(vectors, to_grid(RNG.standard_normal((references, 40))), count)


@pytest.mark.parametrize("queries", [3, 60])
@pytest.mark.parametrize("count", [1, 2, 15, 400])
def test_hundreds_of_identical_vectors_among_others(queries: int, count: int) -> None:
    kinds = to_grid(RNG.standard_normal((4, 16)))
    references = kinds[RNG.choice(4, 900, p=[0.5, 0.3, 0.15, 0.05])]
    assert_is_by_brute_force(kinds[RNG.integers(0, 4, queries)], references, count)


@pytest.mark.parametrize("count", [1, 5, 80])
def test_all_of_them_identical(count: int) -> None:
    vectors = np.tile(to_grid(RNG.standard_normal((1, 16))), (80, 1))
    assert_is_by_brute_force(vectors, vectors, count)


@pytest.mark.parametrize("block", [1, 100, 8_000_000])
def test_blocks_make_no_difference(monkeypatch: pytest.MonkeyPatch, block: int) -> None:
    monkeypatch.setattr(module, "_BLOCK", block)
    vectors = np.tile(to_grid(RNG.standard_normal((3, 16))), (30, 1))
    assert_is_by_brute_force(vectors, vectors, 4)


def test_vectors_of_zeros_are_as_near_to_all() -> None:
    references = to_grid(RNG.standard_normal((50, 16)))
    zeros = np.zeros((2, 16), dtype=np.float32)
    assert_is_by_brute_force(zeros, references, 3)
    assert_is_by_brute_force(references, np.concatenate([references[:5], zeros]), 7)


def test_no_queries_have_no_answers() -> None:
    positions, best = search(np.zeros((0, 16), dtype=np.float32), to_grid(np.ones((9, 16))), 2)
    assert positions.shape == best.shape == (0, 2)


@given(st.lists(st.lists(st.integers(-1, 1), min_size=3, max_size=3), min_size=1, max_size=40), st.data())
def test_vectors_with_many_ties(rows: list[list[int]], data: st.DataObject) -> None:
    vectors = to_grid(np.array(rows, dtype=np.float32))
    assert_is_by_brute_force(vectors, vectors, data.draw(st.integers(1, len(rows))))


def test_vectors_of_two_embedders_are_refused_in_one_line() -> None:
    with pytest.raises(InputError, match="3 and 2 dimensions cannot be compared"):
        search(np.ones((1, 3), np.float32), np.ones((1, 2), np.float32), 1)
