"""The draw: thresholds, populations, sizes, quotas, and that chance comes from the seed alone."""

import hashlib
import math
from collections import Counter
from collections.abc import Sequence

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from tasks.select.draw import Selection, draw
from tasks.settings import SelectSettings

SCHEMA = {
    "prompt_id": pl.String,
    "topic_id": pl.Int32,
    "name": pl.String,
    "domain_id": pl.Int32,
    "assigned_by": pl.String,
    "score": pl.Int32,
}
DOMAINS = 3


def scored(topics: Sequence[Sequence[int]], domains: Sequence[int | None] = ()) -> pl.DataFrame:
    """Prompts with the scores given for each topic; ids like hashes, in no order.

    Without `domains`, topic 0 is of domain 0, topic 1 of domain 1, topic 3 of domain 0 again, and so on.
    """
    given = domains or [topic % DOMAINS for topic in range(len(topics))]
    rows = [
        (_id(topic, place), topic, f"topic {topic}", given[topic], "cluster", score)
        for topic, scores in enumerate(topics)
        for place, score in enumerate(scores)
    ]
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


def _id(topic: int, place: int) -> str:
    return hashlib.sha256(f"{topic}-{place}".encode()).hexdigest()[:16]


def of_domains(selection: Selection) -> Counter[int | None]:
    """Prompts chosen of each domain."""
    domains = dict(selection.topics.select("topic_id", "domain_id").iter_rows())
    return Counter(domains[topic] for topic in chosen(selection)["topic_id"])


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
quotas = st.sampled_from([0.05, 0.29, 1 / 3, 0.4, 0.5, 0.75, 1.0])


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


@given(scores, select_settings, quotas, seeds, st.integers(0, 9))
@settings(max_examples=40, deadline=None)
def test_the_order_of_rows_does_not_matter(
    frame: pl.DataFrame, asked: SelectSettings, quota: float, seed: int, shuffle: int
) -> None:
    asked = asked.model_copy(update={"max_domain_share": quota})
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


@given(scores, select_settings, quotas, seeds)
@settings(max_examples=80, deadline=None)
def test_no_domain_has_more_than_its_share_of_what_is_chosen(
    frame: pl.DataFrame, asked: SelectSettings, quota: float, seed: int
) -> None:
    free = draw(frame, asked, seed)
    selection = draw(frame, asked.model_copy(update={"max_domain_share": quota}), seed)
    found = of_domains(selection)
    assert found.total() <= chosen(free).height
    assert max(found.values(), default=0) <= quota * found.total() + 1e-9
    free_share = max(of_domains(free).values(), default=0) / max(1, chosen(free).height)
    if free_share <= quota and chosen(free).height == asked.size:
        assert_frame_equal(selection.prompts, free.prompts)


@given(scores, select_settings, seeds)
@settings(max_examples=40, deadline=None)
def test_without_a_quota_topics_are_the_first_of_a_permutation(
    frame: pl.DataFrame, asked: SelectSettings, seed: int
) -> None:
    selection = draw(frame, asked, seed)
    eligible = selection.topics.filter("is_eligible")["topic_id"].to_numpy()
    expected = np.random.default_rng(seed).permutation(eligible)[: math.ceil(asked.size / asked.per_topic)]
    assert set(selection.topics.filter("is_chosen")["topic_id"]) == set(expected.tolist())
    assert not selection.topics["is_full"].any()


def test_topics_of_other_domains_take_the_place_of_those_over_the_quota() -> None:
    frame = scored([[6, 6]] * 12, [0] * 8 + [1, 2, 3, 4])
    selection = draw(frame, SelectSettings(size=10, per_topic=2, max_domain_share=0.2), seed=1)
    assert of_domains(selection) == {0: 2, 1: 2, 2: 2, 3: 2, 4: 2}
    passed_over = selection.topics.filter("is_full")
    assert passed_over["domain_id"].unique().to_list() == [0]
    assert fates(selection)["domain_full"] == 2 * passed_over.height
    assert fates(selection)["topic_not_drawn"] == 14 - 2 * passed_over.height


def test_a_quota_that_cannot_be_met_makes_the_test_set_smaller() -> None:
    frame = scored([[6, 6]] * 12, [0] * 8 + [1, 2, 3, 4])
    selection = draw(frame, SelectSettings(size=24, per_topic=2, max_domain_share=0.5), seed=1)
    assert of_domains(selection) == {0: 8, 1: 2, 2: 2, 3: 2, 4: 2}
    assert fates(selection) == {"chosen": 16, "domain_full": 8}
    none = draw(frame, SelectSettings(size=24, per_topic=2, max_domain_share=0.1), seed=1)
    assert fates(none) == {"domain_full": 24}


def test_topics_without_a_domain_are_one_domain() -> None:
    frame = scored([[6, 6]] * 6, [None, None, None, 1, 2, 3])
    selection = draw(frame, SelectSettings(size=8, per_topic=2, max_domain_share=0.25), seed=1)
    assert of_domains(selection) == {None: 2, 1: 2, 2: 2, 3: 2}


@pytest.mark.parametrize("assigned_by", ["nearest", "c_tf_idf"])
def test_prompts_that_were_noise_count_or_are_left_out(assigned_by: str) -> None:
    frame = scored([[7, 7, 1, 1]]).with_columns(
        assigned_by=pl.when(pl.col("score") == 1).then(pl.lit(assigned_by)).otherwise("assigned_by")
    )
    counted = draw(frame, SelectSettings(size=2, min_topic_mean=5), seed=1)
    assert counted.topics.select("mean_score", "annotated_count", "is_eligible").rows() == [(4.0, 4, False)]
    ignored = draw(frame, SelectSettings(size=2, min_topic_mean=5, reassigned="ignore"), seed=1)
    assert ignored.topics.select("mean_score", "annotated_count", "is_eligible").rows() == [(7.0, 2, True)]
    assert fates(ignored) == {"chosen": 2, "reassigned": 2}


def test_prompts_assigned_to_a_taxonomy_that_was_there_are_no_noise() -> None:
    frame = scored([[7, 7]]).with_columns(assigned_by=pl.lit("assigned"))
    assert fates(draw(frame, SelectSettings(size=2, reassigned="ignore"), seed=1)) == {"chosen": 2}
