"""Figures of one annotator against labels."""

import polars as pl
import pytest

from tasks.annotate.criteria import CRITERIA
from tasks.annotate.labels import Labels
from tasks.calibrate.calibration import Calibration, compare, count_rejects

REJECTS = pl.DataFrame({"position": [3, 5, 9], "reason": ["bad_json", "no_labels", "no_labels"]})


def rows(values: dict[str, bool | None]) -> pl.DataFrame:
    """A prompt a row, with the same mark for all seven criteria."""
    columns = {str(criterion): list(values.values()) for criterion in CRITERIA}
    return pl.DataFrame(
        {"prompt": list(values), **columns}, schema_overrides=dict.fromkeys(columns, pl.Boolean)
    )


@pytest.fixture
def labels() -> Labels:
    return Labels(rows({"a": True, "b": True, "c": False, "d": False}), REJECTS)


def annotated(values: dict[str, bool | None]) -> pl.DataFrame:
    outcome = pl.when(pl.col(CRITERIA[0]).is_null()).then(pl.lit("error")).otherwise(pl.lit("ok"))
    return rows(values).with_columns(outcome=outcome)


def test_failures_are_counted_and_not_compared(labels: Labels) -> None:
    agreement = compare("m", annotated({"a": True, "b": None, "c": False, "d": True}), labels)
    assert agreement.outcomes == {"ok": 3, "error": 1}
    assert [row["n"] for row in agreement.criteria] == [3] * 7 + [21]
    assert agreement.scores.n == 3
    assert agreement.scores.exact == pytest.approx(2 / 3)


def test_a_criterion_has_its_kappa(labels: Labels) -> None:
    agreement = compare("m", annotated({"a": True, "b": False, "c": False, "d": False}), labels)
    row = agreement.criteria[0]
    # Agreement of 3/4, and of 1/4 * 1/2 + 3/4 * 1/2 = 1/2 by chance.
    assert (row["criterion"], row["agreement"], row["kappa"]) == ("specificity", 0.75, pytest.approx(0.5))
    assert (row["precision"], row["recall"]) == (1.0, 0.5)


def test_without_one_annotation_there_are_no_figures(labels: Labels) -> None:
    agreement = compare("m", annotated(dict.fromkeys("abcd")), labels)
    assert agreement.outcomes == {"error": 4}
    assert {row["kappa"] for row in agreement.criteria} == {None}
    assert agreement.scores.exact is None


def test_rejects_are_counted_by_reason(labels: Labels) -> None:
    assert list(count_rejects(labels).items()) == [("no_labels", 2), ("bad_json", 1)]


def test_json_has_all_figures_and_no_prompt(labels: Labels) -> None:
    agreement = compare("m", annotated({"a": True, "b": True, "c": False, "d": False}), labels)
    found = Calibration("labels.jsonl", 4, count_rejects(labels), (agreement,)).as_json()
    assert found["annotators"][0]["scores"]["exact"] == 1.0
    assert found["annotators"][0]["criteria"][-1]["criterion"] == "all"
    assert "prompt" not in found["annotators"][0]
