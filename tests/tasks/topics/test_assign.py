"""New prompts among topics that are there: the nearest one, within a limit, whatever rows are with them."""

import numpy as np
import pytest

from tasks.errors import InputError
from tasks.topics import assign
from tasks.topics.assign import nearest, place, place_held_out
from tasks.vectors.grid import STEPS, Vectors, to_grid

RNG = np.random.default_rng(3)
VECTORS = to_grid(RNG.normal(size=(400, 24)))
CENTROIDS = to_grid(RNG.normal(size=(30, 24)))
# Vectors on the grid are not quite of one length: cosines are known to within this.
EXACT = 2e-4


def exact(vectors: Vectors, centroids: Vectors) -> np.ndarray:
    """All cosines, in float64."""
    rows, columns = vectors.astype(np.float64), centroids.astype(np.float64)
    lengths = np.linalg.norm(rows, axis=1)[:, None] * np.linalg.norm(columns, axis=1)
    return rows @ columns.T / lengths


def test_the_nearest_is_the_one_of_greatest_cosine() -> None:
    cosines = exact(VECTORS, CENTROIDS)
    positions, similarity = nearest(VECTORS, CENTROIDS)
    chosen = np.take_along_axis(cosines, positions[:, None], axis=1)[:, 0]
    np.testing.assert_allclose(chosen, cosines.max(axis=1), atol=2 * EXACT)
    np.testing.assert_allclose(similarity, cosines.max(axis=1), atol=EXACT)


def test_the_rows_beside_a_vector_make_no_difference() -> None:
    positions, similarity = nearest(VECTORS, CENTROIDS)
    order = RNG.permutation(len(VECTORS))
    shuffled = nearest(VECTORS[order], CENTROIDS)
    np.testing.assert_array_equal(shuffled[0], positions[order])
    np.testing.assert_array_equal(shuffled[1], similarity[order])
    for row in range(20):
        alone = nearest(VECTORS[[row]], CENTROIDS)
        assert (alone[0][0], alone[1][0]) == (positions[row], similarity[row])


def test_of_equal_centroids_the_first_is_taken() -> None:
    positions, similarity = nearest(VECTORS, np.concatenate([CENTROIDS, CENTROIDS]))
    np.testing.assert_array_equal(positions, nearest(VECTORS, CENTROIDS)[0])
    assert similarity.max() <= 1


def test_among_many_equal_centroids_the_first_is_taken_that_is_allowed() -> None:
    first = nearest(VECTORS, CENTROIDS)[0]
    fivefold = np.tile(CENTROIDS, (5, 1))
    np.testing.assert_array_equal(nearest(VECTORS, fivefold)[0], first)
    np.testing.assert_array_equal(nearest(VECTORS, fivefold, without=first)[0], first + len(CENTROIDS))


def test_beyond_the_limit_there_is_none_but_its_similarity_is_kept() -> None:
    positions, similarity = nearest(VECTORS, CENTROIDS)
    limit = float(np.median(similarity))
    placed, kept = place(VECTORS, CENTROIDS, limit)
    np.testing.assert_array_equal(placed, np.where(similarity >= limit, positions, -1))
    np.testing.assert_array_equal(kept, similarity)
    assert 0 < (placed == -1).sum() < len(placed)


def test_a_vector_of_zeros_has_no_place_whatever_the_limit() -> None:
    vectors = np.stack([np.zeros(24, dtype=np.float32), CENTROIDS[4]])
    positions, similarity = place(vectors, CENTROIDS, -1)
    assert positions.tolist() == [-1, 4]
    assert similarity[0] == 0
    assert place(np.zeros((3, 24), dtype=np.float32), CENTROIDS, -1)[0].tolist() == [-1, -1, -1]


def test_without_vectors_or_centroids_nothing_is_placed() -> None:
    assert place(VECTORS[:0], CENTROIDS, 0)[0].tolist() == []
    assert place(VECTORS[:2], CENTROIDS[:0], -1)[0].tolist() == [-1, -1]


def test_vectors_of_another_length_are_refused() -> None:
    with pytest.raises(InputError, match=r"\(400, 24\).*\(30, 23\).*one embedder"):
        nearest(VECTORS, CENTROIDS[:, :23])
    with pytest.raises(InputError, match="one embedder"):
        nearest(VECTORS[0], CENTROIDS)


def fitted(size: int) -> tuple[Vectors, np.ndarray, Vectors]:
    """Topics of so many random vectors: members are near to a centroid only because they are part of it."""
    vectors = to_grid(RNG.normal(size=(40 * size, 64)))
    labels = np.arange(len(vectors)) % 40
    return vectors, labels, to_grid(np.stack([vectors[labels == topic].sum(axis=0) for topic in range(40)]))


def test_members_are_placed_as_if_they_came_later() -> None:
    vectors, labels, centroids = fitted(5)
    later = to_grid(RNG.normal(size=(2_000, 64)))
    expected = (place(later, centroids, 0.25)[0] >= 0).mean()
    assert (place(vectors, centroids, 0.25)[0] == labels).mean() > 0.8
    held_out = place_held_out(vectors, labels, centroids, 0.25)
    assert (held_out == labels).mean() < 0.1
    assert abs((held_out >= 0).mean() - expected) < 0.15


@pytest.mark.parametrize("numbers", [30, 700, 8_000_000])
def test_held_out_is_by_hand_for_members_and_as_ever_for_others(
    monkeypatch: pytest.MonkeyPatch, numbers: int
) -> None:
    monkeypatch.setattr(assign, "_BLOCK", numbers)
    vectors, labels, centroids = fitted(3)
    labels[::4] = -1  # not part of any centroid
    expected = []
    for row, own in enumerate(labels):
        others = centroids.copy()
        if own >= 0:
            rest = vectors[(labels == own) & (np.arange(len(labels)) != row)]
            others[own] = to_grid(rest.sum(axis=0)[None])[0]
        cosines = others @ vectors[row] / STEPS**2
        expected.append(cosines.argmax() if cosines.max() >= 0.2 else -1)
    np.testing.assert_array_equal(place_held_out(vectors, labels, centroids, 0.2), expected)


def test_the_only_member_of_the_only_topic_has_no_place() -> None:
    vector = to_grid(np.array([[0.6, 0.8]]))
    assert place_held_out(vector, np.array([0]), vector, 0.0).tolist() == [-1]
    twice = np.repeat(vector, 2, axis=0)
    assert place_held_out(twice, np.array([0, 0]), vector, 0.9).tolist() == [0, 0]
