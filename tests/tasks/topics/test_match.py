"""Topics of a new fit and of the last one: ids that stay, and what became of the others."""

from collections.abc import Sequence

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_array

from tasks.topics.match import LINEAGE, Match, Old, count_shared, first_lineage, match
from tasks.vectors.grid import STEPS, Vectors, to_grid

AXES = to_grid(np.eye(12))


def between(*axes: int) -> Vectors:
    """The vector in the middle of some axes."""
    return to_grid(AXES[list(axes)].sum(axis=0)[None])[0]


def matched(
    old: Sequence[Vectors] | None, new: Sequence[Vectors], shared: list[list[int]] | None = None
) -> Match:
    """Match topics; the old ones are numbered 10, 11, …, and 50 is the highest id ever used."""
    count = len(old if old is not None else shared or [])
    counts = csr_array(np.array(shared or np.zeros((count, len(new))), dtype=np.int64))
    ids = 10 + np.arange(count)
    return match(Old(ids, None if old is None else np.stack(old)), np.stack(new), counts, 50)


def relations(found: Match) -> set[tuple[int | None, int | None, str]]:
    return set(found.lineage.select("parent_topic_id", "topic_id", "relation").iter_rows())


def test_the_same_topics_in_another_order_keep_their_ids() -> None:
    found = matched(AXES[:4], AXES[[2, 0, 3, 1]])
    assert found.topic_ids.tolist() == [12, 10, 13, 11]
    assert relations(found) == {(i, i, "same") for i in range(10, 14)}
    assert found.lineage["similarity"].to_list() == [1.0] * 4


def test_new_topics_get_numbers_that_were_never_used_and_old_ones_are_gone() -> None:
    found = matched(AXES[:2], AXES[[5, 1, 6]])
    assert found.topic_ids.tolist() == [51, 11, 52]
    assert relations(found) == {(None, 51, "new"), (11, 11, "same"), (None, 52, "new"), (10, None, "gone")}


def test_the_matching_of_greatest_total_is_found_where_greed_would_fail() -> None:
    found = matched(None, AXES[:2], [[50, 25], [25, 0]])  # the first two: 1/2, the crosswise pairs: 1/3 each
    assert found.topic_ids.tolist() == [11, 10]
    assert (10, 11, "split") in relations(found)


def test_members_speak_louder_than_centroids_the_more_there_are() -> None:
    old, new = [AXES[0], AXES[1]], [AXES[1], AXES[0]]
    assert matched(old, new, [[1, 0], [0, 1]]).topic_ids.tolist() == [11, 10]
    assert matched(old, new, [[30, 0], [0, 30]]).topic_ids.tolist() == [10, 11]


def test_members_alone_decide_where_centroids_can_not_be_compared() -> None:
    found = matched(None, AXES[:2], [[0, 8], [9, 1]])
    assert found.topic_ids.tolist() == [11, 10]
    assert found.lineage["similarity"].to_list() == pytest.approx([8 / 9, 0.9])
    assert matched(None, AXES[:1], [[0], [0]]).topic_ids.tolist() == [51]


def test_an_old_topic_that_is_split_lives_on_in_its_greatest_part() -> None:
    found = matched(None, AXES[:3], [[60, 30, 10], [0, 0, 0]])
    assert found.topic_ids.tolist() == [10, 51, 52]
    assert relations(found) == {
        (10, 10, "same"),
        (10, 51, "split"),
        (10, 52, "split"),
        (11, None, "gone"),
    }
    assert found.lineage.filter(topic_id=51)["shared_count"].item() == 30


def test_a_topic_may_fall_apart_without_an_heir() -> None:
    found = matched(None, AXES[:4], [[25, 25, 25, 25]])
    assert found.topic_ids.tolist() == [51, 52, 53, 54]
    assert relations(found) == {(10, new, "split") for new in range(51, 55)}


def test_old_topics_that_merge_are_continued_by_the_id_of_the_greatest() -> None:
    found = matched(None, AXES[:1], [[30], [60], [10]])
    assert found.topic_ids.tolist() == [11]
    assert relations(found) == {(10, 11, "merged"), (11, 11, "same"), (12, 11, "merged")}


def test_a_few_members_that_went_elsewhere_are_no_relation() -> None:
    found = matched(None, AXES[:2], [[40, 4], [3, 50]])
    assert relations(found) == {(10, 10, "same"), (11, 11, "same")}


def test_without_common_members_centroids_tell_splits_and_mergers() -> None:
    old = [between(0, 1, 2), between(4, 5), between(4, 5, 6)]
    new = [between(0, 1, 2), between(0, 1, 3), between(4, 5), AXES[9]]
    found = matched(old, new)
    assert found.topic_ids.tolist() == [10, 51, 11, 52]
    assert relations(found) == {
        (10, 10, "same"),
        (10, 51, "split"),
        (11, 11, "same"),
        (12, 11, "merged"),
        (None, 52, "new"),
    }


def test_a_topic_without_common_members_comes_from_the_nearest_one_alone() -> None:
    old = [between(0, 1), between(0, 1, 2)]
    found = matched(old, [*old, between(0, 1, 1, 2), *AXES[5:]])
    assert found.topic_ids.tolist()[:3] == [10, 11, 51]
    related = {row for row in relations(found) if row[2] != "new"}
    assert related == {(10, 10, "same"), (11, 11, "same"), (11, 51, "split")}


def test_topics_drawn_by_lot_are_not_the_same_though_all_centroids_are_near() -> None:
    """Vectors of many models have a large part in common: their cosine says little by itself."""
    rng = np.random.default_rng(2)
    centroids = to_grid(rng.normal(size=(60, 64)) + 3)
    assert (centroids[:30] @ centroids[30:].T).min() > 0.6 * STEPS**2
    found = matched(centroids[:30], centroids[30:])
    assert set(found.lineage["relation"]) == {"new", "gone"}


def test_an_old_topic_of_zeros_matches_by_members_alone() -> None:
    zeros = np.zeros(12, dtype=np.float32)
    assert matched([zeros, AXES[1]], AXES[[1, 2]]).topic_ids.tolist() == [11, 51]
    assert matched([zeros, AXES[1]], AXES[[1, 2]], [[0, 20], [0, 0]]).topic_ids.tolist() == [11, 10]


def test_a_first_fit_has_only_new_topics() -> None:
    lineage = first_lineage(np.arange(3))
    assert lineage.schema == pl.Schema(LINEAGE)
    assert lineage["relation"].to_list() == ["new"] * 3
    assert lineage["parent_topic_id"].null_count() == 3


def test_shared_prompts_are_counted_where_both_fits_place_them() -> None:
    old, new = np.array([0, 0, 1, -1, 1, 0]), np.array([1, 1, 0, 0, -1, 0])
    assert count_shared(old, new, 2, 3).toarray().tolist() == [[1, 2, 0], [1, 0, 0]]
    assert count_shared(old[:0], new[:0], 2, 3).toarray().tolist() == [[0] * 3] * 2


COUNTS = st.lists(
    st.lists(st.sampled_from([0, 0, 0, 1, 5, 20]), min_size=4, max_size=4), min_size=1, max_size=6
)


@given(COUNTS, st.booleans(), st.randoms())
def test_every_topic_has_a_row_and_old_order_does_not_matter(counts, has_centroids, random) -> None:
    ids = np.arange(len(counts)) * 3
    centroids = AXES[: len(counts)] if has_centroids else None
    found = match(Old(ids, centroids), AXES[:4], csr_array(np.array(counts)), 30)
    assert found.lineage.schema == pl.Schema(LINEAGE)
    assert set(found.lineage["topic_id"].drop_nulls()) == set(found.topic_ids.tolist())
    assert set(found.lineage["parent_topic_id"].drop_nulls()) == set(ids.tolist())
    assert len(set(found.topic_ids.tolist())) == 4
    same = found.lineage.filter(relation="same")
    assert (same["topic_id"] == same["parent_topic_id"]).all()
    assert set(found.topic_ids.tolist()) - set(ids.tolist()) <= set(range(31, 35))
    assert found.lineage.select("topic_id", "parent_topic_id").is_duplicated().sum() == 0
    order = random.sample(range(len(ids)), len(ids))
    shuffled = Old(ids[order], None if centroids is None else centroids[order])
    again = match(shuffled, AXES[:4], csr_array(np.array(counts)[order]), 30)
    assert again.topic_ids.tolist() == found.topic_ids.tolist()
    assert again.lineage.equals(found.lineage)


def test_four_thousand_topics_are_matched_in_seconds() -> None:
    rng = np.random.default_rng(4)
    centroids = to_grid(rng.normal(size=(4_000, 64)))
    order = rng.permutation(4_000)
    old = rng.integers(0, 4_000, 60_000)
    new = np.where(rng.random(60_000) < 0.6, np.argsort(order)[old], rng.integers(0, 4_000, 60_000))
    found = match(
        Old(np.arange(4_000), centroids), centroids[order], count_shared(old, new, 4_000, 4_000), 3_999
    )
    assert (found.topic_ids == order).mean() > 0.99


@pytest.mark.parametrize("threshold", [0.2, 0.9])
def test_the_threshold_decides_what_is_the_same(threshold: float) -> None:
    old = Old(np.array([0]), np.stack([between(0, 1)]))
    found = match(old, np.stack([AXES[0], AXES[5]]), csr_array((1, 2), dtype=np.int64), 0, threshold)
    assert found.topic_ids.tolist() == ([0, 1] if threshold == 0.2 else [1, 2])  # c² is 0.5
