"""USD, hours and the budget's verdict, against figures worked out by hand."""

from dataclasses import replace
from typing import Any

import polars as pl
import pytest

from tasks.estimate.forecast import ASSUMED, Answers, Forecast, Step, answers_of
from tasks.llm.endpoint import Endpoint

PRICE = {"input": 10.0, "output": 30.0}
PAST = {"call_count": pl.Int64, "output_tokens": pl.Float64, "seconds": pl.Float64}


def endpoint(**fields: Any) -> Endpoint:
    return Endpoint.model_validate({"name": "model", "model": "m", "price": PRICE, **fields})


def step(calls: int = 1000, name: str = "annotate 1", **fields: Any) -> Step:
    """Calls of 400 tokens each, with answers of 20 in 2 seconds."""
    return Step(name, endpoint(**fields), calls, 400 * calls, 64, Answers(20, 2.0))


def forecast(*steps: Step, max_usd: float = 0, spent_usd: float = 0) -> Forecast:
    return Forecast(1000, steps, (), max_usd, spent_usd)


def past(*rows: tuple[Any, ...]) -> pl.DataFrame:
    schema = {"stage": pl.String, "endpoint": pl.String, **PAST}
    return pl.DataFrame(rows, schema=schema, orient="row")


def test_flex_and_batch_cost_half_of_sync() -> None:
    # 400,000 tokens at 10 USD a million, and 20,000 at 30.
    assert [step().usd(mode) for mode in ("sync", "flex", "batch")] == pytest.approx([4.6, 2.3, 2.3])


def test_without_a_price_the_cost_is_unknown_and_not_0() -> None:
    unknown = step(price=None)
    assert unknown.usd("sync") is None
    assert forecast(step(), unknown).usd is None
    assert "an unknown sum" in forecast(step(), unknown).verdict
    assert forecast(step(), step(calls=0, price=None)).usd == pytest.approx(4.6)


@pytest.mark.parametrize(
    ("limits", "hours"),
    [
        ({"concurrency": 10}, 1000 * 2.0 / 10 / 3600),
        ({"concurrency": 1000, "rpm": 100}, 10 / 60),
        # A limit of tokens is charged with the longest answer that is allowed.
        ({"concurrency": 1000, "rpm": 1000, "tpm": 10_000}, 1000 * (400 + 64) / 10_000 / 60),
    ],
)
def test_the_tightest_limit_makes_the_hours(limits: dict[str, int], hours: float) -> None:
    assert step(**limits).sync_hours == pytest.approx(hours)


@pytest.mark.parametrize(("enqueued", "rounds"), [(0, 1), (400_000, 1), (399_999, 2), (100_000, 4)])
def test_batches_wait_for_others_where_the_server_holds_few_tokens(enqueued: int, rounds: int) -> None:
    assert step(enqueued_tokens=enqueued).batch_rounds == rounds


def test_the_total_is_in_the_modes_that_endpoints_are_set_to() -> None:
    total = forecast(step(concurrency=10), step(mode="batch", enqueued_tokens=100_000), Step("topics"))
    assert total.usd == pytest.approx(4.6 + 2.3)
    assert total.sync_hours == pytest.approx(1000 * 2.0 / 10 / 3600)
    assert total.batch_hours == 4 * 24
    assert total.as_json()["total"]["calls"] == 2000


def test_a_stage_that_asks_at_once_has_no_other_mode() -> None:
    only_sync = replace(step(name="embed", mode="batch", concurrency=10), modes=("sync",))
    said = only_sync.as_json()
    assert (said["mode"], said["usd"]) == ("sync", {"sync": pytest.approx(4.6), "flex": None, "batch": None})
    assert said["hours"] == {"sync": pytest.approx(1000 * 2.0 / 10 / 3600), "batch": None}
    total = forecast(only_sync, step(mode="batch"))
    assert (total.usd, total.batch_hours) == (pytest.approx(4.6 + 2.3), 24)


def test_a_step_without_a_model_or_calls_takes_nothing() -> None:
    nothing = forecast(Step("embed"), step(calls=0))
    assert (nothing.usd, nothing.sync_hours, nothing.batch_hours) == (0, 0, 0)


@pytest.mark.parametrize(
    ("max_usd", "spent", "stops_in"),
    [
        (0, 100, None),
        (9.2, 0, None),
        (6.9, 0, ("annotate 2", 0.5)),
        (6.9, 4.6, ("annotate 1", 0.5)),
        (6.9, 8.0, ("annotate 1", 0.0)),
    ],
)
def test_the_budget_stops_where_it_is_spent(
    max_usd: float, spent: float, stops_in: tuple[str, float] | None
) -> None:
    given = forecast(step(), step(name="annotate 2"), max_usd=max_usd, spent_usd=spent)
    if stops_in is None:
        assert given.stops_in is None
    else:
        assert given.stops_in == (stops_in[0], pytest.approx(stops_in[1]))
        assert f"in {stops_in[0]}, after {stops_in[1]:.0%}" in given.verdict


def test_a_budget_does_not_go_with_an_unknown_price() -> None:
    given = forecast(step(price=None), max_usd=5)
    assert given.stops_in == ("annotate 1", 0.0)
    assert "model has no price" in given.verdict


def test_answers_are_as_they_were_and_else_as_assumed() -> None:
    rows = past(("annotate", "model", 40, 17.5, 0.9), ("topics", "other", 3, 9.0, None))
    assert answers_of(rows, "annotate", endpoint(), ASSUMED["list"]) == Answers(17.5, 0.9, 40)
    assert answers_of(rows, "topics", endpoint(), ASSUMED["name"]) == ASSUMED["name"]
    # Nobody waited for answers in a batch, so their seconds say nothing.
    assert answers_of(rows, "topics", endpoint(name="other"), ASSUMED["name"]) == Answers(9.0, 1.0, 3)
