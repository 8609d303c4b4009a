"""What is said of the health of planted topics."""

import numpy as np
import polars as pl
import pytest

from tasks.topics import diagnosis
from tasks.topics.diagnosis import catch_alls, diagnose, similar_topics, tightness
from tasks.vectors.grid import to_grid

MEMBERS = pl.DataFrame(
    {
        "topic_id": pl.Series([7, 7, 7, 3, 3, None], dtype=pl.Int32),
        "assigned_by": ["cluster", "cluster", "nearest", "cluster", "assigned", "none"],
        "similarity": [0.8, 0.6, 0.1, 0.5, 0.2, None],
    }
)
TOPICS = pl.DataFrame(
    {"topic_id": pl.Series([7, 3], dtype=pl.Int32), "size": [3, 2], "coherence": [0.5, None]},
    schema_overrides={"coherence": pl.Float64},
)
NEAR = to_grid(np.array([[1, 0], [0.96, 0.28]]))


def unit(*angles: float) -> np.ndarray:
    """Centroids at angles in degrees."""
    radians = np.radians(angles)
    return to_grid(np.column_stack([np.cos(radians), np.sin(radians)]))


def test_tightness_is_that_of_the_core_alone() -> None:
    rows = {row["topic_id"]: row for row in tightness(MEMBERS).to_dicts()}
    assert rows[7]["tightness"] == pytest.approx(0.7)
    assert rows[3]["tightness"] == 0.5
    assert (rows[7]["tightness_p10"], rows[3]["tightness_p10"]) == (0.6, 0.5)


def test_a_tenth_of_the_core_is_no_nearer_than_the_low_cosine() -> None:
    cosines = [number / 100 for number in range(100)]
    members = pl.DataFrame({"topic_id": [0] * 100, "assigned_by": ["cluster"] * 100, "similarity": cosines})
    low = tightness(members.sample(fraction=1, shuffle=True, seed=1))["tightness_p10"].item()
    assert sum(cosine < low for cosine in cosines) == 9


def test_pairs_are_near_each_other_and_not_further_apart_than_their_prompts() -> None:
    found = similar_topics(unit(0, 10, 90, 100, 180), np.array([0.9, 0.99, 0.999, 0.999, 0.5]))
    assert found.nearest.tolist() == [1, 0, 3, 2, 3]
    assert found.similarity[0] == pytest.approx(np.cos(np.radians(10)), abs=3e-4)
    assert found.pairs.tolist() == [[0, 1]]  # topics 2 and 3 are as near, but their own prompts much nearer
    assert found.cosines == pytest.approx([np.cos(np.radians(10))], abs=3e-4)


def test_pairs_below_the_threshold_are_none_however_loose_the_topics() -> None:
    assert similar_topics(unit(0, 40), np.array([0.1, 0.1])).pairs.shape == (0, 2)


def test_blocks_make_no_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    centroids = unit(*np.random.default_rng(1).uniform(0, 360, size=50))
    whole = similar_topics(centroids, np.full(50, 0.5))
    monkeypatch.setattr(diagnosis, "_BLOCK_ROWS", 7)
    parts = similar_topics(centroids, np.full(50, 0.5))
    assert len(whole.pairs) > 50
    assert parts.pairs.tolist() == whole.pairs.tolist()
    assert parts.nearest.tolist() == whole.nearest.tolist()


def test_topics_that_are_all_the_same_do_not_flood_the_warehouse() -> None:
    found = similar_topics(np.tile(unit(0), (200, 1)), np.full(200, 1.0))
    assert len(found.pairs) == 10_000 < 200 * 199 / 2
    assert found.nearest.tolist() == [1, *[0] * 199]


def test_a_catch_all_is_large_and_loose_and_incoherent_at_once() -> None:
    random = np.random.default_rng(1)
    sizes, tight, coherence = (
        random.integers(8, 20, 100),
        random.normal(0.8, 0.02, 100),
        random.normal(0.3, 0.1, 100),
    )
    sizes[0], tight[0], coherence[0] = 60, 0.6, -0.4
    sizes[1], tight[1], coherence[1] = 60, 0.6, 0.6
    sizes[2], tight[2], coherence[2] = 60, 0.9, -0.4
    sizes[3], tight[3], coherence[3] = 6, 0.6, -0.4
    sizes[4], tight[4], coherence[4] = 60, 0.6, np.nan
    assert catch_alls(sizes, tight, coherence)[:5].tolist() == [True, False, False, False, False]
    assert catch_alls(sizes, tight, coherence).sum() <= 3


@pytest.mark.parametrize("count", [0, 1, 2, 30])
def test_of_topics_that_are_alike_none_is_a_catch_all(count: int) -> None:
    same = np.full(count, 0.5)
    assert catch_alls(np.full(count, 10), same, same).tolist() == [False] * count


def test_ids_of_topics_are_stored_not_their_places() -> None:
    found = diagnose(TOPICS, MEMBERS, NEAR)
    topics = found["topics"]
    assert topics["topic_id"].to_list() == [7, 3]
    assert topics["nearest_topic_id"].to_list() == [3, 7]
    assert topics["nearest_similarity"].to_list() == [pytest.approx(0.96, abs=3e-4)] * 2
    assert found["similar_topics"].select("topic_id", "other_topic_id").rows() == [(3, 7)]


def test_a_single_topic_is_near_to_none() -> None:
    found = diagnose(TOPICS.head(1), MEMBERS, NEAR[:1])
    (row,) = found["topics"].to_dicts()
    assert (row["nearest_topic_id"], row["nearest_similarity"], row["is_catch_all"]) == (None, None, False)
    assert found["similar_topics"].is_empty()
