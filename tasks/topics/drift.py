"""Whether prompts still are what a taxonomy was fitted on: those assigned since, beside those of the fit."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl
from scipy.stats import binom

from tasks.vectors.grid import DIGITS, Floats
from tasks.vectors.search import Positions

GROWING, SHRINKING, STEADY = "growing", "shrinking", "steady"
# Chance alone calls some topic growing or shrinking in one report of 20, however many topics there are.
_FALSE_ALARMS: Final = 0.05
# What chance alone does in one report of 1,000 is no reason for a refit.
_LUCK: Final = 0.001
_DEVIATIONS: Final = 3.1


@dataclass(frozen=True)
class Drift:
    """What changed since the fit.

    `fitted_count`, `assigned_count`: prompts of the fit, and since. `fitted_none_share`,
    `assigned_none_share`: those of them without a topic. `shift`: the total variation distance (0 to 1)
    between the shares of topics, none included, less what it is on average for two samples of one whole:
    about 0 without drift, maybe a little below. `reason`: one line, with figures. `topics`: `topic_id`,
    `fitted_count`, `assigned_count`, `fitted_share`, `assigned_share`, `ratio` of the shares (null where the
    fit's is 0), `p_value` (how likely as great a change is by chance) and `trend`: growing, shrinking or
    steady.
    """

    fitted_count: int
    assigned_count: int
    fitted_none_share: float
    assigned_none_share: float
    shift: float
    is_refit_recommended: bool
    reason: str
    topics: pl.DataFrame


def report(
    counts: pl.DataFrame, fitted_none: int, assigned_none: int, max_none_growth: float, max_shift: float
) -> Drift:
    """Compare the prompts assigned to a taxonomy since its fit with those of the fit.

    Those of the fit must be counted as `assign.place_held_out` places them: HDBSCAN has prompts in topics
    that are beyond the limit, and all are near to centroids that they had a part in, so that their labels
    would show drift where there is none.

    Args:
        counts: `topic_id`, `fitted_count`, `assigned_count`, a row a topic of the taxonomy.
        fitted_none: prompts of the fit that are beyond the limit of every topic.
        assigned_none: the same of prompts since.
        max_none_growth: by how much the share of `none` may grow, 0 to 1.
        max_shift: how great `shift` may be, 0 to 1.
    """
    counts = counts.sort("topic_id")
    fitted = np.append(counts["fitted_count"].to_numpy(), fitted_none).astype(np.int64)
    assigned = np.append(counts["assigned_count"].to_numpy(), assigned_none).astype(np.int64)
    before, since = int(fitted.sum()), int(assigned.sum())
    shift, deviation = _shift(fitted, assigned)
    none_before, none_since = fitted_none / max(before, 1), assigned_none / max(since, 1)
    topics = _topics(counts, fitted, assigned)
    none = f"{none_since:.1%} of {since} prompts since the fit have no topic, {none_before:.1%} of the fit's"
    moved = f"shares of topics moved by {max(shift, 0):.2f} more than by chance"
    reasons = []
    if none_since - none_before > max_none_growth and _greater(fitted, assigned)[-1] < _LUCK:
        reasons.append(f"{none} (max_none_growth {max_none_growth:g})")
    if shift > max(max_shift, _DEVIATIONS * deviation):
        trends = topics["trend"].to_list()
        growing, shrinking = trends.count(GROWING), trends.count(SHRINKING)
        reasons.append(f"{moved} (max_shift {max_shift:g}): {growing} grow, {shrinking} shrink")
    reason = "; ".join(reasons or [none, moved])
    return Drift(before, since, none_before, none_since, shift, bool(reasons), reason, topics)


def _topics(counts: pl.DataFrame, fitted: Positions, assigned: Positions) -> pl.DataFrame:
    greater, less = _greater(fitted, assigned)[:-1], _less(fitted, assigned)[:-1]
    p_values = np.minimum(2 * np.minimum(greater, less), 1)
    is_beyond_chance = p_values < _FALSE_ALARMS / max(counts.height, 1)
    trend = np.where(is_beyond_chance, np.where(greater < less, GROWING, SHRINKING), STEADY)
    shares = counts.select("topic_id", "fitted_count", "assigned_count").with_columns(
        fitted_share=pl.col("fitted_count") / max(int(fitted.sum()), 1),
        assigned_share=pl.col("assigned_count") / max(int(assigned.sum()), 1),
    )
    ratio = pl.col("assigned_share") / pl.col("fitted_share")
    return shares.with_columns(
        ratio=pl.when(pl.col("fitted_count") > 0).then(ratio),
        p_value=pl.Series(p_values, dtype=pl.Float64),
        trend=pl.Series(trend.tolist(), dtype=pl.String),
    )


def _share_since(fitted: Positions, assigned: Positions) -> float:
    """The share of all prompts that came since: without drift, each topic's own is a draw with it."""
    return float(assigned.sum() / max(fitted.sum() + assigned.sum(), 1))


def _greater(fitted: Positions, assigned: Positions) -> Floats:
    """How likely as many prompts since, or more, are in each topic without drift (exact binomial test)."""
    return np.asarray(binom.sf(assigned - 1, fitted + assigned, _share_since(fitted, assigned))).round(DIGITS)


def _less(fitted: Positions, assigned: Positions) -> Floats:
    share = _share_since(fitted, assigned)
    return np.asarray(binom.cdf(assigned, fitted + assigned, share)).round(DIGITS)


def _shift(fitted: Positions, assigned: Positions) -> tuple[float, float]:
    """Total variation distance beyond its mean without drift, and its standard deviation without drift.

    Given how many prompts a topic has in all, those since are a binomial draw; its mean absolute deviation is
    de Moivre's 2 k (1 - p) P(k), k being the first whole number above the mean.
    """
    before, since = fitted.sum(), assigned.sum()
    if not before or not since:
        return 0.0, 0.0
    distance = np.abs(fitted / before - assigned / since).sum() / 2
    total, share = fitted + assigned, _share_since(fitted, assigned)
    above = np.floor(total * share) + 1
    mean = 2 * above * (1 - share) * binom.pmf(above, total, share)
    variance = (total * share * (1 - share) - mean**2).clip(0)
    scale = (1 / before + 1 / since) / 2
    shift, deviation = distance - scale * mean.sum(), scale * np.sqrt(variance.sum())
    return round(float(shift), DIGITS), round(float(deviation), DIGITS)
