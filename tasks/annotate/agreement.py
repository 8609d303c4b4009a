"""How far an annotator agrees with labels.

A figure that is not defined, such as the kappa of one class alone or the precision of an annotator that never
says yes, is null, never NaN and never 0.
"""

import math
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import polars as pl
from scipy.stats import ConstantInputWarning, spearmanr
from sklearn.exceptions import UndefinedMetricWarning
from sklearn.metrics import accuracy_score, cohen_kappa_score, precision_score, recall_score

from tasks.annotate.criteria import CRITERIA

LABEL_PREFIX: Final = "label_"
# The row of all criteria's labels together.
ALL: Final = "all"
_LABELS: Final = tuple(f"{LABEL_PREFIX}{criterion}" for criterion in CRITERIA)
_COLUMNS: Final = {
    "criterion": pl.String,
    "n": pl.Int64,
    "agreement": pl.Float64,
    "kappa": pl.Float64,
    "precision": pl.Float64,
    "recall": pl.Float64,
    "annotated_share": pl.Float64,
    "labelled_share": pl.Float64,
}


@dataclass(frozen=True, slots=True)
class ScoreAgreement:
    """Scores from 0 to 7 against the labels': `exact` and `within_one` are shares of the n prompts."""

    n: int
    exact: float | None
    within_one: float | None
    spearman: float | None


def pair(annotated: pl.DataFrame, labelled: pl.DataFrame, key: str) -> pl.DataFrame:
    """Join annotations and labels by key, never by place.

    Args:
        annotated: `key` and seven booleans, null where an annotation is not ok.
        labelled: `key` and seven booleans. A prompt that is labelled twice gives two pairs.
        key: the column that both have.

    Returns:
        The pairs without a null: `key`, the seven criteria, and the labels as `label_<criterion>`.
    """
    labels = labelled.select(key, pl.col(CRITERIA).name.prefix(LABEL_PREFIX))
    return annotated.select(key, *CRITERIA).join(labels, on=key).drop_nulls()


def by_criterion(pairs: pl.DataFrame) -> pl.DataFrame:
    """Agreement on each criterion, and in the last row, `all`, on the labels of all of them together.

    Args:
        pairs: as from `pair`; rows with a null are left out.

    Returns:
        `criterion`, `n` (labels compared), `agreement` (share that is the same), `kappa` (Cohen's),
        `precision` and `recall` of the annotator's yes, `annotated_share` and `labelled_share` (of yes).
        Shares are 0 to 1.
    """
    ours, theirs = _arrays(pairs)
    columns = [(name, ours[:, place], theirs[:, place]) for place, name in enumerate(CRITERIA)]
    rows = [_row(*column) for column in [*columns, (ALL, ours.ravel(), theirs.ravel())]]
    return pl.DataFrame(rows, schema=_COLUMNS, orient="row")


def of_scores(pairs: pl.DataFrame) -> ScoreAgreement:
    """Agreement of the scores, over pairs as from `pair`; no Spearman's rho if a side has one score only."""
    ours, theirs = (side.sum(axis=1) for side in _arrays(pairs))
    if not len(ours):
        return ScoreAgreement(0, None, None, None)
    distance = np.abs(ours - theirs)
    rho = _defined(lambda: spearmanr(ours, theirs).statistic) if len(ours) > 1 else None
    return ScoreAgreement(len(ours), float(np.mean(distance == 0)), float(np.mean(distance <= 1)), rho)


def _arrays(pairs: pl.DataFrame) -> tuple[Any, Any]:
    """The annotator's booleans and the labels, both (n, 7)."""
    whole = pairs.select(*CRITERIA, *_LABELS).drop_nulls()
    return whole.select(CRITERIA).to_numpy(), whole.select(_LABELS).to_numpy()


def _row(name: str, ours: Any, theirs: Any) -> tuple[object, ...]:  # noqa: ANN401
    if not len(ours):
        return (name, 0, *(None,) * (len(_COLUMNS) - 2))
    return (
        name,
        len(ours),
        float(accuracy_score(theirs, ours)),
        _defined(lambda: cohen_kappa_score(theirs, ours, labels=[False, True])),
        _defined(lambda: precision_score(theirs, ours, zero_division=np.nan)),
        _defined(lambda: recall_score(theirs, ours, zero_division=np.nan)),
        float(np.mean(ours)),
        float(np.mean(theirs)),
    )


def _defined(figure: Callable[[], float]) -> float | None:
    """A figure, or None where the libraries say NaN; their warning of that would be the same news twice."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UndefinedMetricWarning)
        warnings.simplefilter("ignore", ConstantInputWarning)
        value = float(figure())
    return None if math.isnan(value) else value
