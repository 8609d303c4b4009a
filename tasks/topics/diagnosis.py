"""What a maintainer should look at: loose topics, topics that are nearly the same, and catch-alls."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tasks.vectors.grid import DIGITS, STEPS, Floats, Vectors, cosines
from tasks.vectors.search import Positions

# Of 504 topics of 7,682 Arena prompts (static), 17 pairs are that near: arrays twice, tensors twice.
# Below, most pairs only share a field, as two programming languages do.
MIN_SIMILARITY: Final = 0.8
# A home has tens of such pairs; thousands say that the vectors are at fault, and the nearest ones say it too.
_MOST_PAIRS: Final = 10_000
_LOW: Final = 0.1
# Of those 504 topics, 6 with 5 % of the prompts: none is about one thing.
_DEVIATIONS: Final = 1.5
# Makes the median of deviations an estimate of the standard deviation of normal values.
_TO_DEVIATION: Final = 1.4826
_BLOCK_ROWS: Final = 1_000


@dataclass(frozen=True)
class Similar:
    """How near each of t topics is to the others.

    `nearest` (t): position of the nearest other topic, -1 for a single topic. `similarity` (t): cosine to it,
    NaN for a single topic. `pairs` (p, 2): positions of near-identical topics, the most similar first and at
    most 10,000 of them. `cosines` (p): theirs.
    """

    nearest: Positions
    similarity: Floats
    pairs: Positions
    cosines: Floats


def diagnose(topics: pl.DataFrame, members: pl.DataFrame, centroids: Vectors) -> dict[str, pl.DataFrame]:
    """All that is stored of the health of topics.

    Args:
        topics: `topic_id`, `size` and `coherence` of t topics.
        members: `topic_id`, `assigned_by` and `similarity` of the prompts, as they are stored.
        centroids: shape (t, dimensions), on the grid, in the order of `topics`.

    Returns:
        `topics`: the same rows, with `tightness`, `tightness_p10`, `nearest_topic_id`, `nearest_similarity`
        and `is_catch_all`. `similar_topics`: `topic_id`, `other_topic_id` and `similarity` of pairs that are
        nearly the same.
    """
    tight = topics.join(tightness(members), on="topic_id", how="left", maintain_order="left")
    means = tight["tightness"].cast(pl.Float64).fill_null(np.nan).to_numpy()
    similar = similar_topics(centroids, means)
    ids = topics["topic_id"]
    coherence = topics["coherence"].fill_null(np.nan).to_numpy()
    is_alone = topics.height < 2
    added = tight.with_columns(
        nearest_topic_id=pl.lit(None, ids.dtype) if is_alone else ids.gather(similar.nearest),
        nearest_similarity=pl.Series(similar.similarity).fill_nan(None),
        is_catch_all=pl.Series(catch_alls(topics["size"].to_numpy(), means, coherence)),
    )
    pairs = np.sort(ids.to_numpy()[similar.pairs], axis=1)
    near = {"topic_id": pairs[:, 0], "other_topic_id": pairs[:, 1], "similarity": similar.cosines}
    return {"topics": added, "similar_topics": pl.DataFrame(near)}


def tightness(members: pl.DataFrame) -> pl.DataFrame:
    """How near the prompts of a topic's core are to its centre, as cosines.

    Args:
        members: `topic_id`, `assigned_by` and `similarity` of prompts.

    Returns:
        `topic_id`, `tightness` (the mean) and `tightness_p10` (a tenth of the core is no nearer), for topics
        with a core.
    """
    core = members.filter(assigned_by="cluster").drop_nulls("topic_id").sort("topic_id", "similarity")
    cosine = pl.col("similarity")
    return core.group_by("topic_id", maintain_order=True).agg(
        tightness=_exact_mean(cosine), tightness_p10=cosine.quantile(_LOW, "lower")
    )


def _exact_mean(cosine: pl.Expr) -> pl.Expr:
    """The mean of cosines, which are whole numbers of 1/4000²: their sum does not depend on the order."""
    whole = STEPS * STEPS
    return (cosine * whole).round().cast(pl.Int64).sum() / pl.len() / whole


def similar_topics(centroids: Vectors, tightness: Floats) -> Similar:
    """Find each topic's nearest other topic, and the pairs that are nearly the same topic.

    Two topics are nearly the same if the cosine of their centroids is 0.8 or more, and their centres are no
    further apart than the core of the looser one is from its own. The latter matters for embedders whose
    vectors are all near each other.

    Args:
        centroids: shape (t, dimensions), on the grid.
        tightness: mean cosine (t) of each core to its centroid; a topic with NaN is in no pair.
    """
    count = len(centroids)
    nearest, similarity = np.full(count, -1), np.full(count, np.nan)
    pairs, similarities = [np.empty((0, 2), dtype=np.int64)], [np.empty(0)]
    for start in range(0, count if count > 1 else 0, _BLOCK_ROWS):
        rows = np.arange(start, min(start + _BLOCK_ROWS, count))
        block = cosines(centroids[rows] @ centroids.T)
        block[rows - start, rows] = -np.inf
        nearest[rows] = block.argmax(axis=1)
        similarity[rows] = block.max(axis=1)
        left, right = np.nonzero(block >= MIN_SIMILARITY)
        is_pair = left + start < right
        left, right = left[is_pair] + start, right[is_pair]
        near = block[left - start, right] >= np.minimum(tightness[left], tightness[right])
        pairs.append(np.column_stack([left, right])[near])
        similarities.append(block[left - start, right][near])
    found, theirs = np.concatenate(pairs), np.concatenate(similarities)
    first = np.lexsort((found[:, 1], found[:, 0], -theirs))[:_MOST_PAIRS]
    return Similar(nearest, similarity, found[first], theirs[first])


def catch_alls(sizes: NDArray[np.int64], tightness: Floats, coherence: Floats) -> NDArray[np.bool_]:
    """Tell topics that hold what fits nowhere else: large, loose and incoherent at once.

    Each of the three is off the median of all topics, on that side, and on average they are by 1.5 standard
    deviations. Sizes are compared by their logarithms; a deviation is estimated by the median of absolute
    deviations, so that the outliers that are looked for do not hide each other. Of topics that are all alike,
    none is one.

    Args:
        sizes: prompts (t) of each topic.
        tightness: mean cosine (t) of each core to its centroid.
        coherence: NPMI (t) of each topic's keywords. A topic with a NaN, here or before, is no catch-all.
    """
    signs = (np.log(sizes), -tightness, -coherence)
    off = np.array([_deviations(sign) for sign in signs])
    return np.asarray((off > 0).all(axis=0) & (off.mean(axis=0).round(DIGITS) >= _DEVIATIONS))


def _deviations(values: Floats) -> Floats:
    """How many robust standard deviations each value is above the median; 0 where most values are equal."""
    known = values[~np.isnan(values)]
    if not known.size:
        return values
    middle = np.median(known)
    deviation = _TO_DEVIATION * np.median(np.abs(known - middle))
    return (values - middle) / deviation if deviation else np.zeros(len(values))
