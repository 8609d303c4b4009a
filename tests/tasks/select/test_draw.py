"""The draw: thresholds, populations, sizes, and that chance comes from the seed alone."""

import hashlib
from collections.abc import Sequence

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from tasks.select.draw import Selection, draw
from tasks.settings import SelectSettings

SCHEMA = {"prompt_id": pl.String, "topic_id": pl.Int32, "name": pl.String, "score": pl.Int32}


def scored(topics: Sequence[Sequence[int]]) -> pl.DataFrame:
    """Prompts with the scores given for each topic; ids like hashes, in no order."""
    rows = [
        (hashlib.sha256(f"{topic}-{place}".encode()).hexdigest()[:16], topic, f"topic {topic}", score)
        for topic, scores in enumerate(topics)
        for place, score in enumerate(scores)
    ]
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


def chosen(selection: Selection) -> pl.DataFrame:
    return selection.prompts.filter(pl.col("reject_reason").is_null())


def fates(selection: Selection) -> dict[str, int]:
    reasons = selection.prompts["reject_reason"].fill_null("chosen")
    return dict(reasons.value_counts().iter_rows())


scores = st.lists(st.lists(st.integers(0, 7), min_size=1, max_size=6), min_size=1, max_size=8).map(scored)
select_settings = st.builds(
    SelectSettings,
    size=st.integers(1, 12),
    per_topic=st.integers(1, 3),
    min_score=st.integers(0, 7),
    min_topic_mean=st.integers(0, 14).map(lambda half: half / 2),
    topic_mean_population=st.sampled_from(["annotated", "passing"]),
)
seeds = st.integers(0, 9)


@given(scores, select_settings, seeds)
@settings(max_examples=60, deadline=None)
def test_every_prompt_has_one_fate_and_the_best_of_eligible_topics_are_chosen(
    frame: pl.DataFrame, asked: SelectSettings, seed: int
) -> None:
    selection = draw(frame, asked, seed)
    assert selection.prompts["prompt_id"].to_list() == sorted(frame["prompt_id"])

    eligible = {}
    for topic, members in frame.group_by("topic_id"):
        passing = members.filter(pl.col("score") >= asked.min_score).sort(
            "score", "prompt_id", descending=[True, False]
        )
        population = members if asked.topic_mean_population == "annotated" else passing
        if passing.height >= asked.per_topic and population["score"].mean() >= asked.min_topic_mean:
            eligible[topic[0]] = passing["prompt_id"].to_list()

    assert chosen(selection).height == min(asked.size, len(eligible) * asked.per_topic)
    for topic, members in chosen(selection).group_by("topic_id"):
        best = eligible[topic[0]][: members.height]
        assert set(members["prompt_id"]) == set(best)
        assert members.height <= asked.per_topic
    drawn = set(chosen(selection)["topic_id"])
    assert set(selection.topics.filter("is_chosen")["topic_id"]) == drawn
    assert set(selection.topics.filter("is_eligible")["topic_id"]) == set(eligible)


@given(scores, select_settings, seeds, st.integers(0, 9))
@settings(max_examples=40, deadline=None)
def test_the_order_of_rows_does_not_matter(
    frame: pl.DataFrame, asked: SelectSettings, seed: int, shuffle: int
) -> None:
    usual = draw(frame, asked, seed)
    other = draw(frame.sample(fraction=1, shuffle=True, seed=shuffle), asked, seed)
    assert_frame_equal(usual.prompts, other.prompts)
    assert_frame_equal(usual.topics, other.topics)


def test_another_seed_draws_other_topics() -> None:
    frame = scored([[6, 6]] * 30)
    asked = SelectSettings(size=10, per_topic=2)
    draws = {tuple(chosen(draw(frame, asked, seed))["prompt_id"]) for seed in range(5)}
    assert len(draws) == 5


@pytest.mark.parametrize(("population", "mean", "count"), [("annotated", 4.0, 0), ("passing", 6.5, 2)])
def test_the_population_of_a_topics_mean_is_a_setting(population: str, mean: float, count: int) -> None:
    frame = scored([[7, 6, 2, 1]])
    asked = SelectSettings(min_score=6, min_topic_mean=6, topic_mean_population=population)
    selection = draw(frame, asked, seed=1)
    assert selection.topics["mean_score"].to_list() == [mean]
    assert chosen(selection).height == count


def test_each_reason_is_given_where_it_holds() -> None:
    topics = [[7, 7, 7, 4], [5, 0, 0, 0], [7], [7, 7, 7, 4]]
    asked = SelectSettings(size=2, per_topic=2, min_score=5, min_topic_mean=3)
    selection = draw(scored(topics), asked, seed=1)
    assert fates(selection) == {
        "chosen": 2,
        "spare": 1,
        "low_score": 1 + 3 + 1,
        "weak_topic": 1,
        "small_topic": 1,
        "topic_not_drawn": 3,
    }


def test_equal_scores_fall_in_order_of_hash() -> None:
    frame = scored([[6, 7, 6, 6]])
    best, *ties = frame.sort("score", "prompt_id", descending=[True, False])["prompt_id"]
    selection = draw(frame, SelectSettings(size=3, per_topic=3), seed=1)
    assert set(chosen(selection)["prompt_id"]) == {best, *ties[:2]}


def test_the_last_topic_makes_up_a_size_that_is_no_multiple() -> None:
    selection = draw(scored([[6, 6, 6]] * 9), SelectSettings(size=7, per_topic=3), seed=1)
    assert sorted(chosen(selection)["topic_id"].value_counts()["count"]) == [1, 3, 3]


def test_a_threshold_is_met_by_its_own_value() -> None:
    selection = draw(scored([[5, 5, 1, 1]]), SelectSettings(min_score=5, min_topic_mean=3), seed=1)
    assert fates(selection) == {"chosen": 2, "low_score": 2}


def test_nothing_eligible_is_an_empty_choice() -> None:
    for frame in (scored([[1, 2], [3]]), scored([])):
        selection = draw(frame, SelectSettings(), seed=1)
        assert chosen(selection).is_empty()
        assert selection.prompts.height == frame.height
