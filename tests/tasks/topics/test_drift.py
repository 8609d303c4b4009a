"""Drift: not seen in another sample of the same prompts, seen where they are others."""

import numpy as np
import polars as pl
import pytest

from tasks.topics.drift import GROWING, SHRINKING, STEADY, Drift, report

RNG = np.random.default_rng(7)
SHARES = RNG.dirichlet(np.full(200, 0.5))  # of 200 topics, a few large and many small ones


def drift(fitted: np.ndarray, assigned: np.ndarray, none: tuple[int, int] = (0, 0)) -> Drift:
    counts = pl.DataFrame(
        {"topic_id": np.arange(len(fitted)), "fitted_count": fitted, "assigned_count": assigned}
    )
    return report(counts, *none, max_none_growth=0.2, max_shift=0.15)


@pytest.mark.parametrize("size", [1, 20, 300, 5_000])
def test_another_sample_of_the_same_is_no_drift(size: int) -> None:
    reports = [drift(RNG.multinomial(5_000, SHARES), RNG.multinomial(size, SHARES)) for _ in range(60)]
    assert not any(found.is_refit_recommended for found in reports)
    assert abs(np.mean([found.shift for found in reports])) < 0.03
    changed = [found.topics.filter(pl.col("trend") != STEADY).height for found in reports]
    assert np.mean(np.array(changed) > 0) <= 0.1  # chance alone: one report of 20


@pytest.mark.parametrize("size", [100, 5_000])
def test_a_quarter_of_other_prompts_is_drift(size: int) -> None:
    others = np.roll(SHARES, 100)
    found = drift(RNG.multinomial(5_000, SHARES), RNG.multinomial(size, 0.4 * SHARES + 0.6 * others))
    assert found.is_refit_recommended
    assert "more than by chance (max_shift 0.15)" in found.reason


def test_topics_that_grow_and_shrink_are_told_apart_from_chance() -> None:
    found = drift(np.array([100, 100, 100, 100]), np.array([100, 300, 20, 90]))
    assert found.topics["trend"].to_list() == [STEADY, GROWING, SHRINKING, STEADY]
    assert found.topics["ratio"].to_list()[1] == pytest.approx((300 / 510) / 0.25)


def test_a_topic_the_fit_counted_none_of_has_no_ratio() -> None:
    found = drift(np.array([0, 50]), np.array([5, 50]))
    assert found.topics["ratio"].to_list()[0] is None
    assert found.topics["fitted_share"].to_list() == [0, 1]


def test_many_prompts_without_a_topic_are_a_reason_with_figures() -> None:
    found = drift(np.array([500, 490]), np.array([55, 50]), none=(10, 45))
    assert (found.fitted_none_share, found.assigned_none_share) == (0.01, 0.3)
    assert found.is_refit_recommended
    assert found.reason.startswith("30.0% of 150 prompts since the fit have no topic, 1.0% of the fit's")


def test_none_that_may_be_chance_is_no_reason() -> None:
    found = drift(np.array([50, 45]), np.array([2, 1]), none=(5, 1))
    assert found.assigned_none_share - found.fitted_none_share > 0.19
    assert not found.is_refit_recommended


def test_a_shift_that_may_be_chance_is_no_reason() -> None:
    found = drift(np.array([500, 500]), np.array([4, 0]))
    assert found.shift > 0.15
    assert not found.is_refit_recommended
    assert drift(np.array([500, 500]), np.array([40, 0])).is_refit_recommended


def test_fewer_without_a_topic_are_no_reason() -> None:
    assert not drift(np.array([500]), np.array([990]), none=(500, 600)).is_refit_recommended


def test_thresholds_are_the_callers() -> None:
    counts = pl.DataFrame({"topic_id": [1, 2], "fitted_count": [500, 500], "assigned_count": [600, 400]})
    assert report(counts, 0, 0, max_none_growth=1, max_shift=0.05).is_refit_recommended
    assert not report(counts, 0, 0, max_none_growth=1, max_shift=0.1).is_refit_recommended


def test_nothing_assigned_since_is_no_drift() -> None:
    found = drift(np.array([10, 5]), np.array([0, 0]), none=(1, 0))
    assert (found.shift, found.is_refit_recommended, found.assigned_count) == (0, False, 0)
    assert set(found.topics["trend"]) == {STEADY}
    assert drift(np.array([], dtype=int), np.array([], dtype=int)).topics.is_empty()


def test_the_order_of_rows_does_not_matter() -> None:
    counts = pl.DataFrame({"topic_id": [9, 2, 5], "fitted_count": [9, 50, 7], "assigned_count": [40, 3, 6]})
    one, other = (report(frame, 1, 2, 0.2, 0.15) for frame in (counts, counts.reverse()))
    assert one.topics.equals(other.topics)
    assert (one.shift, one.reason) == (other.shift, other.reason)


def test_the_shift_is_the_distance_less_what_chance_makes_of_it() -> None:
    """Against a simulation: the prompts of both, dealt anew."""
    fitted, assigned = np.array([30, 20, 4, 1]), np.array([5, 12, 2, 1])
    pool = np.repeat(np.arange(4), fitted + assigned)
    distances = []
    for _ in range(4_000):
        dealt = RNG.random(len(pool)) < assigned.sum() / len(pool)
        since = np.bincount(pool[dealt], minlength=4)
        expected = (fitted + assigned) * assigned.sum() / len(pool)
        distances.append(np.abs(since - expected).sum() * (1 / fitted.sum() + 1 / assigned.sum()) / 2)
    distance = np.abs(fitted / fitted.sum() - assigned / assigned.sum()).sum() / 2
    assert drift(fitted, assigned).shift == pytest.approx(distance - np.mean(distances), abs=0.005)
