"""The measures of the topics benchmark: what is perfect is 1, what is chance is 0, and ties are no luck."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from tasks.topics.coherence import npmi
from tasks.vectors.grid import cosines, to_grid
from tasks.vectors.shards import to_frame
from tests.bench.topics import quality, scaling
from tests.bench.topics.corpus import VECTORS, nudged, unit_vectors

SUBJECTS = np.repeat(np.arange(4), 25)


def labels(**kinds: list[str]) -> pl.DataFrame:
    rows = {"row": np.arange(len(kinds["narrow"])), "run": "a", **kinds}
    return pl.DataFrame(rows, schema_overrides={"run": pl.String})


def named(*runs: tuple[str, list[str]]) -> pl.DataFrame:
    return pl.concat(
        labels(narrow=names, broad=["x"] * len(names)).with_columns(run=pl.lit(run)) for run, names in runs
    )


def test_topics_that_are_the_labels_agree_whatever_their_numbers() -> None:
    own = labels(narrow=[f"s{subject}" for subject in SUBJECTS], broad=[f"b{s // 2}" for s in SUBJECTS])
    scores = quality.agreement(own, 7 - SUBJECTS)
    assert scores["ami_narrow"] == scores["nmi_narrow"] == scores["ari_narrow"] == pytest.approx(1)
    assert scores["ami_broad"] < 1
    assert scores["nmi_broad"] < 1
    assert scores["ari_broad"] < 1


def test_topics_drawn_by_lot_do_not_agree_beyond_chance() -> None:
    own = labels(narrow=[f"s{subject}" for subject in SUBJECTS], broad=["x"] * 100)
    drawn = np.random.default_rng(0).permutation(SUBJECTS)
    scores = quality.agreement(own, drawn)
    assert abs(scores["ari_narrow"]) < 0.05
    assert abs(scores["ami_narrow"]) < 0.05


def test_many_topics_drawn_by_lot_look_good_by_nmi_alone() -> None:
    own = labels(narrow=[f"s{subject}" for subject in SUBJECTS], broad=["x"] * 100)
    drawn = np.random.default_rng(0).integers(0, 50, 100)
    scores = quality.agreement(own, drawn)
    assert scores["nmi_narrow"] > 0.25
    assert abs(scores["ami_narrow"]) < 0.05


def test_runs_count_by_their_prompts_and_one_with_a_single_label_not_at_all() -> None:
    topics = np.array([0, 0, 1, 1, 0, 1])
    both = named(
        ("right", ["a", "a", "b", "b", "a", "b"]), ("wrong", ["a", "b", "a", "b"]), ("one", ["a"] * 5)
    )
    right, wrong = (
        quality.agreement(named(run), topics)["ari_narrow"]
        for run in (("right", ["a", "a", "b", "b", "a", "b"]), ("wrong", ["a", "b", "a", "b"]))
    )
    scores = quality.agreement(both, topics)
    assert right == 1
    assert scores["ari_narrow"] == pytest.approx((6 * right + 4 * wrong) / 10)
    assert np.isnan(scores["nmi_broad"])


def test_prompts_without_a_topic_are_counted_and_left_out() -> None:
    own = labels(narrow=["a", "a", "a", "b", "b", "b"], broad=["x"] * 6)
    scores = quality.judge_labels(own, np.array([0, 0, -1, 1, 1, -1]))
    assert scores["ari_narrow_placed"] == 1
    assert scores["ami_narrow_placed"] == pytest.approx(1)
    assert scores["ari_narrow"] < 1
    assert scores["labels_placed"] == pytest.approx(4 / 6)


def test_labels_are_one_row_for_each_run_of_a_prompt() -> None:
    prompts = pl.DataFrame(
        {
            "labels": [
                [],
                [
                    {"run": "v1", "narrow": "a", "broad": "b"},
                    {"run": "v2", "narrow": "c", "broad": None},
                ],
                None,
            ]
        }
    )
    assert quality.labels_of(prompts).rows() == [(1, "v1", "a", "b"), (1, "v2", "c", None)]


def test_a_mate_is_found_among_the_nearest_five_only() -> None:
    line = np.arange(20, dtype=np.float32)[:, None]
    clusters = [f"c{place}" for place in range(10)] * 2  # a mate is ten places away
    assert quality.mates(line, clusters) == 0
    assert quality.mates(line % 10, clusters) == 1
    assert quality.mates(line, [f"c{place // 2}" for place in range(20)]) == 1


def test_prompts_in_one_place_are_mates_by_chance() -> None:
    assert quality.mates(np.zeros((12, 2), np.float32), [f"c{n // 2}" for n in range(12)]) == pytest.approx(
        5 / 11
    )


def test_mates_are_sought_among_prompts_with_a_cluster() -> None:
    line = np.arange(30, dtype=np.float32)[:, None]
    clusters = [None if 0 < place < 29 else "c" for place in range(30)]
    assert quality.mates(line, clusters) == 1


def test_a_layout_that_keeps_neighbours_is_trusted() -> None:
    points = np.random.default_rng(0).standard_normal((300, 4)).astype(np.float32)
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    assert quality.trust(points, points) > 0.99
    assert quality.trust(points, np.random.default_rng(1).permutation(points)) < 0.6


def test_words_are_those_that_set_a_topic_apart() -> None:
    texts = ["the bread and the flour"] * 6 + ["the verb and the noun 2020"] * 6 + ["of bread and verb"]
    tokens = quality.tokens_of(texts)
    found = quality.words_of(tokens, np.array([0] * 6 + [1] * 6 + [-1]))
    assert [set(words) for words in found] == [{"bread", "flour"}, {"verb", "noun", "2020"}]


def test_words_of_either_kind_are_held_once() -> None:
    tokens = quality.tokens_of(["c++ code in 2020", "code"])
    assert {"c++", "2020", "code"} <= set(tokens.words)
    assert set(tokens.holds.data) == {1}
    assert tokens.holds[:, tokens.words.index("code")].sum() == 2


def test_coherence_is_of_topics_with_ten_words() -> None:
    ten = list("abcdefghij")
    words = [letter * 2 for letter in ten]
    tokens = quality.tokens_of([" ".join(words)] * 3 + ["zz"] * 3)
    assert quality.coherence(tokens, [words, words[:9], [*words[:9], ""]]) == (pytest.approx(1), 1)
    assert npmi(tokens, [words]).tolist() == pytest.approx([1])


def test_partitions_are_compared_by_their_sets() -> None:
    one = np.array([0, 0, 1, -1])
    assert quality.is_same_partition(one, np.array([5, 5, 2, -1]))
    assert not quality.is_same_partition(one, np.array([5, 5, 5, -1]))
    assert not quality.is_same_partition(one, np.array([5, 2, 2, -1]))
    assert not quality.is_same_partition(one, np.array([5, 5, -1, 2]))


def test_a_nudged_vector_is_as_near_as_a_paraphrase_and_on_the_grid() -> None:
    vectors = to_grid(np.eye(200))
    vectors[0] = 0
    moved = nudged(vectors, np.random.default_rng(0))
    assert not moved[0].any()
    assert np.array_equal(moved, to_frame([""] * 200, moved)["vector"].to_numpy())
    assert cosines((moved * vectors).sum(axis=1))[1:].mean() == pytest.approx(1.25**-0.5, abs=0.01)


def test_other_libraries_get_vectors_of_length_1(tmp_path: Path) -> None:
    vectors = to_grid(np.random.default_rng(0).standard_normal((5, 8)))
    np.save(tmp_path / VECTORS, vectors.astype(np.int16))
    units = unit_vectors(tmp_path)
    assert units.dtype == np.float32
    assert np.linalg.norm(units, axis=1) == pytest.approx(1, abs=1e-3)


def test_growth_is_told_in_exponents_of_n_log_n() -> None:
    rows = [{"size": size, "seconds": 3 * scaling.work(size)} for size in (1_000, 2_000, 4_000)]
    assert scaling.exponents(rows, "seconds") == {"all": 1, "steepest": 1}
    rows[-1]["seconds"] *= 2
    assert scaling.exponents(rows, "seconds")["steepest"] > scaling.exponents(rows, "seconds")["all"] > 1
