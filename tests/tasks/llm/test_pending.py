"""Which requests are due, for each way that the last call of a key can have ended."""

import polars as pl
import pytest

from tasks.llm.outcome import Outcome
from tasks.llm.pending import pending

ANSWERS = {"key": pl.String, "outcome": pl.String, "round": pl.Int32}


def due_after(*answers: tuple[str, str, int], keys: str = "a") -> list[tuple[str, int]]:
    rows = [(key, f"text of {key}") for key in keys]
    asked = pl.DataFrame(rows, schema={"key": pl.String, "text": pl.String}, orient="row")
    due = pending(asked, pl.DataFrame(answers, schema=ANSWERS, orient="row"))
    assert due.columns == ["key", "text", "round"]
    assert due["text"].to_list() == [f"text of {key}" for key in due["key"]]
    return list(due.select("key", "round").iter_rows())


def test_what_was_never_asked_is_due() -> None:
    assert due_after() == [("a", 1)]


@pytest.mark.parametrize("outcome", [Outcome.OK, Outcome.EMPTY, Outcome.REFUSED])
@pytest.mark.parametrize("round_", [1, 2])
def test_an_answer_that_would_come_again_is_settled(outcome: Outcome, round_: int) -> None:
    assert due_after(("a", outcome, round_)) == []


@pytest.mark.parametrize("outcome", [Outcome.UNPARSABLE, Outcome.TRUNCATED])
def test_an_answer_of_no_use_is_asked_for_exactly_once_more(outcome: Outcome) -> None:
    assert due_after(("a", outcome, 1)) == [("a", 2)]
    assert due_after(("a", outcome, 2)) == []


@pytest.mark.parametrize("round_", [1, 2])
def test_an_error_is_asked_again_in_its_round(round_: int) -> None:
    assert due_after(("a", Outcome.ERROR, round_)) == [("a", round_)]


def test_the_order_stays_and_others_answers_do_not_matter() -> None:
    due = due_after(("b", "ok", 1), ("z", "error", 1), ("c", "error", 1), keys="dcba")
    assert due == [("d", 1), ("c", 1), ("a", 1)]


def test_nothing_asked_is_nothing_due() -> None:
    assert due_after(("a", "error", 1), keys="") == []
