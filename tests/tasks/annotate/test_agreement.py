"""Agreement with labels: known figures, and null where a figure is not defined."""

import math
import warnings

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.annotate.agreement import ALL, ScoreAgreement, by_criterion, of_scores, pair
from tasks.annotate.criteria import CRITERIA

Rows = list[tuple[bool | None, ...]]
NONE, EVERY = (False,) * 7, (True,) * 7
# Of a criterion: both yes 20, only ours 5, only theirs 10, neither 15. Cohen's kappa of this table is 0.4.
TABLE = [(True, True)] * 20 + [(True, False)] * 5 + [(False, True)] * 10 + [(False, False)] * 15


def marks(rows: Rows) -> pl.DataFrame:
    frame = pl.DataFrame(rows, schema=dict.fromkeys(CRITERIA, pl.Boolean), orient="row")
    return frame.with_columns(prompt_id=pl.Series([f"p{n}" for n in range(len(rows))], dtype=pl.String))


def pairs(ours: Rows, theirs: Rows) -> pl.DataFrame:
    return pair(marks(ours), marks(theirs), "prompt_id")


def figures(ours: Rows, theirs: Rows, criterion: str = CRITERIA[0]) -> dict[str, object]:
    return by_criterion(pairs(ours, theirs)).row(by_predicate=pl.col("criterion") == criterion, named=True)


def test_a_table_worked_by_hand() -> None:
    ours: Rows = [(mine, *NONE[1:]) for mine, _ in TABLE]
    theirs: Rows = [(label, *NONE[1:]) for _, label in TABLE]
    assert figures(ours, theirs) == {
        "criterion": "specificity",
        "n": 50,
        "agreement": 0.7,
        "kappa": pytest.approx(0.4),
        "precision": pytest.approx(20 / 25),
        "recall": pytest.approx(20 / 30),
        "annotated_share": 0.5,
        "labelled_share": 0.6,
    }
    overall = figures(ours, theirs, ALL)
    assert (overall["n"], overall["agreement"]) == (350, pytest.approx(335 / 350))
    assert overall["precision"] == pytest.approx(20 / 25)


def test_criteria_are_not_mixed_up() -> None:
    ours: Rows = [tuple(place == row for place in range(7)) for row in range(7)]
    frame = by_criterion(pairs(ours, ours[1:] + ours[:1]))
    assert frame["criterion"].to_list() == [*CRITERIA, ALL]
    assert frame["agreement"].to_list() == pytest.approx([5 / 7] * 8)
    assert by_criterion(pairs(ours, ours))["kappa"].to_list() == [1.0] * 8


def test_pairs_are_of_the_same_prompt_in_whatever_order() -> None:
    ours: Rows = [EVERY, NONE, (True, *NONE[1:])]
    both = pair(marks(ours).sample(fraction=1, shuffle=True, seed=3), marks(ours).reverse(), "prompt_id")
    assert of_scores(both) == ScoreAgreement(3, 1.0, 1.0, pytest.approx(1.0))


def test_an_annotation_that_failed_is_not_compared() -> None:
    ours: Rows = [EVERY, (None,) * 7, NONE]
    assert figures(ours, [EVERY, EVERY, NONE])["n"] == 2
    assert of_scores(pairs(ours, [EVERY, EVERY, NONE])).exact == 1.0
    unlabelled = pair(marks(ours), marks([EVERY]), "prompt_id")
    assert unlabelled.height == 1


@pytest.mark.parametrize(
    ("ours", "theirs", "kappa", "precision", "recall"),
    [
        ([EVERY, EVERY], [EVERY, EVERY], None, 1.0, 1.0),
        ([NONE, NONE], [NONE, NONE], None, None, None),
        ([NONE, NONE], [NONE, EVERY], 0.0, None, 0.0),
        ([EVERY, EVERY], [NONE, EVERY], 0.0, 0.5, 1.0),
        ([EVERY], [NONE], 0.0, 0.0, None),
    ],
)
def test_one_class_alone_leaves_figures_undefined(
    ours: Rows, theirs: Rows, kappa: float | None, precision: float | None, recall: float | None
) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = figures(ours, theirs)
    assert (found["kappa"], found["precision"], found["recall"]) == (kappa, precision, recall)


def test_no_pairs_give_nulls() -> None:
    frame = by_criterion(pairs([], []))
    assert frame["n"].to_list() == [0] * 8
    assert frame.drop("criterion", "n").null_count().sum_horizontal().item() == 6 * 8
    assert of_scores(pairs([], [])) == ScoreAgreement(0, None, None, None)


def test_scores_agree_exactly_nearly_or_in_rank() -> None:
    ours: Rows = [NONE, (True, *NONE[1:]), (*EVERY[1:], False), EVERY]
    theirs: Rows = [NONE, (False, True, *NONE[2:]), EVERY, (True, True, *NONE[2:])]
    found = of_scores(pairs(ours, theirs))
    assert (found.n, found.exact, found.within_one) == (4, 0.5, 0.75)
    assert found.spearman == pytest.approx(0.8)


def test_one_score_alone_has_no_rank() -> None:
    assert of_scores(pairs([EVERY, EVERY], [NONE, EVERY])).spearman is None
    assert of_scores(pairs([EVERY], [EVERY])).spearman is None


held = st.tuples(*[st.booleans()] * 7)


@settings(max_examples=25)
@given(st.lists(st.tuples(held, held), max_size=12))
def test_a_figure_is_a_number_or_null(both: list[tuple[tuple[bool, ...], tuple[bool, ...]]]) -> None:
    frame = by_criterion(pairs([ours for ours, _ in both], [theirs for _, theirs in both]))
    values = [value for row in frame.drop("criterion").rows() for value in row if value is not None]
    assert not any(math.isnan(value) for value in values)
    assert frame.filter(pl.col("agreement") == 1)["kappa"].drop_nulls().is_in([1.0]).all()
