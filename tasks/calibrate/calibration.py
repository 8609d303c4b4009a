"""Annotators against labels: a figure a criterion, how annotations ended, which records had no labels."""

from dataclasses import asdict, dataclass
from typing import Any

import polars as pl

from tasks.annotate.agreement import ScoreAgreement, by_criterion, of_scores, pair
from tasks.annotate.labels import Labels


@dataclass(frozen=True)
class Agreement:
    """How far one annotator agrees with the labels.

    Attributes:
        annotator: as core.annotations names it.
        outcomes: how many prompts ended how; only those that are ok are compared.
        criteria: a row for each criterion and one for all, as from `agreement.by_criterion`.
        scores: how near the scores are.
    """

    annotator: str
    outcomes: dict[str, int]
    criteria: list[dict[str, Any]]
    scores: ScoreAgreement


@dataclass(frozen=True)
class Calibration:
    """The agreement of each annotator with a file of labels.

    Attributes:
        labels: the file.
        labelled: records with labels.
        rejects: records without, by reason.
        annotators: in the order of the passes, the heuristic last.
    """

    labels: str
    labelled: int
    rejects: dict[str, int]
    annotators: tuple[Agreement, ...]

    def as_json(self) -> dict[str, Any]:
        """All figures, without any prompt."""
        return asdict(self)


def compare(annotator: str, annotated: pl.DataFrame, labels: Labels) -> Agreement:
    """Compare one annotator's annotations with the labels.

    Args:
        annotator: its name.
        annotated: `prompt`, `outcome` and seven booleans, null where the outcome is not ok.
        labels: what it is compared with.
    """
    pairs = pair(annotated, labels.labelled, "prompt")
    return Agreement(
        annotator, _counts(annotated["outcome"]), by_criterion(pairs).to_dicts(), of_scores(pairs)
    )


def count_rejects(labels: Labels) -> dict[str, int]:
    """Records of the file without labels, by reason."""
    return _counts(labels.rejects["reason"])


def _counts(values: pl.Series) -> dict[str, int]:
    return dict(values.value_counts().sort(pl.col("count"), values.name, descending=[True, False]).rows())
