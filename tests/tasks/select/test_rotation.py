"""Rotation: who stays and for how long, who is new, and that thresholds and quotas hold for all."""

import itertools
from collections import Counter

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from tasks.select.draw import Selection, draw
from tasks.select.rotation import HISTORY, Past, seed_of
from tasks.settings import RotationSettings, SelectSettings
from tests.tasks.select.test_draw import chosen, fates, of_domains, quotas, scored, scores, seeds

ASKED = SelectSettings(size=20, per_topic=2, min_score=5, min_topic_mean=3)


def past(selection: Selection | None, earlier: Counter[str], policy: RotationSettings) -> Past:
    """The past as `select/history.sql` tells it, after releases that `earlier` counts."""
    roles = dict(chosen(selection).select("prompt_id", "role").iter_rows()) if selection else {}
    rows = [(prompt, served, roles.get(prompt)) for prompt, served in sorted(earlier.items())]
    return Past(pl.DataFrame(rows, schema=HISTORY, orient="row"), policy)


def weeks(
    frame: pl.DataFrame, asked: SelectSettings, policy: RotationSettings, count: int
) -> list[Selection]:
    """Releases of the same prompts, each a rotation of the one before it."""
    made: list[Selection] = []
    served: Counter[str] = Counter()
    for week in range(count):
        made.append(draw(frame, asked, week, past(made[-1] if made else None, served, policy)))
        served.update(ids(made[-1]))
    return made


def ids(selection: Selection) -> set[str]:
    return set(chosen(selection)["prompt_id"])


def roles(selection: Selection) -> Counter[str]:
    return Counter(chosen(selection)["role"])


policies = st.builds(
    RotationSettings,
    share_kept=st.sampled_from([0.0, 0.25, 0.5, 0.7, 1.0]),
    max_releases=st.integers(0, 4),
    anchors=st.integers(0, 3),
    max_anchor_share=st.sampled_from([0.0, 0.25, 1.0]),
)
sizes = st.builds(
    SelectSettings, size=st.integers(1, 12), per_topic=st.integers(1, 3), min_score=st.integers(0, 5)
)


@given(scores, sizes, quotas, policies, st.integers(2, 5))
@settings(max_examples=60, deadline=None)
def test_thresholds_and_quotas_hold_for_all_who_stay_and_who_come(
    frame: pl.DataFrame, asked: SelectSettings, quota: float, policy: RotationSettings, count: int
) -> None:
    asked = asked.model_copy(update={"max_domain_share": quota})
    for selection in weeks(frame, asked, policy, count):
        assert selection.prompts["prompt_id"].to_list() == sorted(frame["prompt_id"])
        assert chosen(selection).height == chosen(selection)["role"].len() <= asked.size
        assert not selection.prompts.filter(pl.col("reject_reason").is_not_null())["role"].drop_nulls().len()
        taken = chosen(selection).join(frame, on="prompt_id")
        assert (taken["score"] >= asked.min_score).all()
        assert max(Counter(taken["topic_id"]).values(), default=0) <= asked.per_topic
        eligible = set(selection.topics.filter("is_eligible")["topic_id"])
        assert set(taken["topic_id"]) == set(selection.topics.filter("is_chosen")["topic_id"]) <= eligible
        found = of_domains(selection)
        assert max(found.values(), default=0) <= quota * found.total() + 1e-9


@given(scores, sizes, policies, st.integers(2, 6))
@settings(max_examples=60, deadline=None)
def test_nobody_serves_too_long_but_anchors_and_roles_are_true(
    frame: pl.DataFrame, asked: SelectSettings, policy: RotationSettings, count: int
) -> None:
    served: Counter[str] = Counter()
    before: set[str] = set()
    for selection in weeks(frame, asked, policy, count):
        for prompt, role in chosen(selection).select("prompt_id", "role").iter_rows():
            assert {"new": served[prompt] == 0, "returned": prompt not in before}.get(role, prompt in before)
            if policy.max_releases and role != "anchor":
                assert served[prompt] < policy.max_releases
        share = min(policy.share_kept, policy.max_anchor_share)
        assert roles(selection)["anchor"] <= min(policy.anchors, share * asked.size)
        gone = selection.prompts.filter(pl.col("reject_reason") == "rotated_out")["prompt_id"]
        assert set(gone) <= before
        before = ids(selection)
        served.update(before)


@given(scores, sizes, policies, seeds)
@settings(max_examples=40, deadline=None)
def test_the_order_of_rows_does_not_matter_to_a_rotation(
    frame: pl.DataFrame, asked: SelectSettings, policy: RotationSettings, seed: int
) -> None:
    first = draw(frame, asked, seed)
    history = past(first, Counter(ids(first)), policy)
    usual = draw(frame, asked, seed, history)
    shuffled = Past(history.prompts.sample(fraction=1, shuffle=True, seed=seed), policy)
    other = draw(frame.sample(fraction=1, shuffle=True, seed=seed), asked, seed, shuffled)
    assert_frame_equal(usual.prompts, other.prompts)
    assert_frame_equal(usual.topics, other.topics)


@given(scores, sizes, quotas, policies, seeds)
@settings(max_examples=40, deadline=None)
def test_where_nobody_served_it_is_the_draw_of_a_build(
    frame: pl.DataFrame, asked: SelectSettings, quota: float, policy: RotationSettings, seed: int
) -> None:
    asked = asked.model_copy(update={"max_domain_share": quota})
    rotated = draw(frame, asked, seed, past(None, Counter(), policy))
    assert_frame_equal(rotated.prompts, draw(frame, asked, seed).prompts)
    assert roles(rotated).keys() <= {"new"}


def test_half_is_replaced_and_anchors_stay() -> None:
    frame = scored([[6, 6, 6, 6, 6, 6]] * 40)
    made = weeks(frame, ASKED, RotationSettings(anchors=4), 6)
    anchors = chosen(made[1]).filter(pl.col("role") == "anchor")["prompt_id"]
    for before, after in itertools.pairwise(made):
        assert roles(after) == {"new": 10, "kept": 6, "anchor": 4}
        assert len(ids(before) & ids(after)) == 10
        assert fates(after)["rotated_out"] + fates(after).get("served_out", 0) >= 10
        assert set(anchors) <= ids(after)


def test_a_small_test_set_has_fewer_anchors() -> None:
    made = weeks(scored([[6, 6, 6, 6, 6, 6]] * 40), ASKED, RotationSettings(), 3)
    assert [roles(after) for after in made[1:]] == [{"new": 10, "kept": 5, "anchor": 5}] * 2


def test_without_enough_new_more_stay_and_then_former_ones_return() -> None:
    frame = scored([[6, 6]] * 15)
    free = RotationSettings(max_releases=0, anchors=0)
    made = weeks(frame, ASKED, free, 3)
    assert [dict(roles(selection)) for selection in made] == [
        {"new": 20},
        {"new": 10, "kept": 10},
        {"kept": 20},
    ]
    once = RotationSettings(max_releases=1, anchors=0)
    assert [dict(roles(selection)) for selection in weeks(frame, ASKED, once, 3)] == [
        {"new": 20},
        {"new": 10},
        {},
    ]
    twice = RotationSettings(max_releases=2, anchors=0)
    last = weeks(frame, ASKED, twice, 3)[-1]
    assert dict(roles(last)) == {"kept": 10, "returned": 10}
    assert fates(last) == {"chosen": 20, "served_out": 10}


def test_an_anchor_that_passes_no_longer_is_replaced() -> None:
    frame = scored([[6, 6, 6, 6]] * 20)
    policy = RotationSettings(anchors=2)
    first, second = weeks(frame, ASKED, policy, 2)
    gone, stays = chosen(second).filter(pl.col("role") == "anchor")["prompt_id"]
    worse = frame.with_columns(score=pl.when(pl.col("prompt_id") == gone).then(1).otherwise("score"))
    third = draw(worse, ASKED, 7, past(second, Counter(ids(first)) + Counter(ids(second)), policy))
    anchors = set(chosen(third).filter(pl.col("role") == "anchor")["prompt_id"])
    assert len(anchors) == 2
    assert stays in anchors
    assert third.prompts.filter(pl.col("prompt_id") == gone)["reject_reason"].item() == "low_score"


@pytest.mark.parametrize(("share", "stay"), [(0, 0), (0.29, 29), (1, 100)])
def test_the_share_that_stays_is_as_asked_for(share: float, stay: int) -> None:
    frame = scored([[6, 6, 6, 6]] * 60)
    asked = SelectSettings(size=100, per_topic=2)
    (_, second) = weeks(frame, asked, RotationSettings(share_kept=share, anchors=0), 2)
    assert roles(second) == Counter({"kept": stay, "new": 100 - stay})


def test_the_seed_changes_with_the_release_that_is_rotated_and_stays_without_one() -> None:
    assert seed_of(42, "") == 42
    assert seed_of(42, "aa") == seed_of(42, "aa")
    assert len({seed_of(seed, base) for seed in (1, 2) for base in ("aa", "bb")}) == 4
