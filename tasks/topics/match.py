"""Which topic of a new fit is which of the last one: ids that stay, and the lineage of those that don't.

The similarity of an old and a new topic is that of their members and of their centroids, on one scale:

- `J`, Jaccard's index of their members among the `u` prompts that either has and both fits place;
- `c²`, the squared cosine of their centroids, less what two topics that have nothing to do with each other
  have (models differ a lot in that);
- together (u J + 5 c²) / (u + 5): the more prompts speak, the less centroids do. Where no prompt speaks c²
  alone counts, where there is no centroid J alone.

Topics are paired one to one so that the sum of similarities is greatest, over pairs of 0.3 or more. On
disjoint halves of the Arena prompts (static), pairs above it agree in LMArena's labels more often than two
halves of one topic do (0.6 and 0.5), and of topics drawn by lot 0.3 % have a pair
(`tests/bench/topics/halves.py`).
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import min_weight_full_bipartite_matching

from tasks.topics.assign import NONE
from tasks.vectors.grid import STEPS, Floats, Vectors, cosines
from tasks.vectors.search import Positions

MIN_SIMILARITY: Final = 0.3
# As many prompts' worth of evidence are two centroids: the smallest topic has as many members.
_CENTROID_WEIGHT: Final = 5
# A topic came from another, or went into it, if half of its members did.
_MOST: Final = 0.5
_BLOCK_ROWS: Final = 256
_ALL_THE_SAME: Final = 0.999
_SAME, _SPLIT, _MERGED, _NEW, _GONE = "same", "split", "merged", "new", "gone"

LINEAGE: Final = {
    "topic_id": pl.Int32,
    "parent_topic_id": pl.Int32,
    "relation": pl.String,
    "similarity": pl.Float64,
    "shared_count": pl.Int64,
}


@dataclass(frozen=True)
class Old:
    """The o >= 1 topics of the last taxonomy.

    `ids` (o). `centroids` (o, dimensions) on the grid, in the space of the new vectors; None if there
    are none in it, as with another embedder.
    """

    ids: Positions
    centroids: Vectors | None


@dataclass(frozen=True)
class Match:
    """How a new fit continues the last one.

    `topic_ids` (new topics): an old id, or a number that was never used. `lineage` has the columns `LINEAGE`,
    a row for each pair of related topics, and one for each topic without a relation:

    - same: the new topic continues the old one and has its id;
    - split: half or more of the new topic's members were in the old one, which it does not continue;
    - merged: half or more of the old topic's members are in the new one, which does not continue it;
    - new: it came from no old topic, `parent_topic_id` is null; gone: it went nowhere, `topic_id` is null.

    Where both hold, it is split if another topic continues the old one, else merged. Members are prompts that
    both fits place; a topic that has none is taken to have come from, or gone to, the topic of greatest
    similarity, if that is enough for a match.
    """

    topic_ids: Positions
    lineage: pl.DataFrame


@dataclass(frozen=True)
class _Pairs:
    """Pairs of an old and a new topic that may have to do with each other, by position."""

    old: Positions
    new: Positions
    similarity: Floats
    shared: Positions


def match(
    old: Old,
    new_centroids: Vectors,
    shared: csr_array,
    highest_ever: int,
    min_similarity: float = MIN_SIMILARITY,
) -> Match:
    """Match the topics of a new fit to those of the last one; the order of the old ones does not matter.

    Args:
        old: the old topics.
        new_centroids: shape (n, dimensions), on the grid.
        shared: shape (o, n), how many prompts were in the one and are in the other; see `count_shared`.
        highest_ever: the highest id that any taxonomy of the home used, -1 if there is none.
        min_similarity: the least one at which topics are the same, above 0.
    """
    by_id = np.argsort(old.ids)
    ids, counts = old.ids[by_id], shared[by_id]
    centroids = None if old.centroids is None else old.centroids[by_id]
    pairs = _related(centroids, new_centroids, counts, min_similarity)
    is_same = _one_to_one(pairs, len(ids), len(new_centroids), min_similarity)
    topic_ids = np.full(len(new_centroids), NONE, dtype=np.int64)
    topic_ids[pairs.new[is_same]] = ids[pairs.old[is_same]]
    fresh = topic_ids == NONE
    topic_ids[fresh] = max(highest_ever, *ids, NONE) + 1 + np.arange(fresh.sum())
    relation = _relations(pairs, is_same, counts, min_similarity)
    return Match(topic_ids, _lineage(pairs, relation, ids, topic_ids))


def count_shared(old: Positions, new: Positions, old_count: int, new_count: int) -> csr_array:
    """Count the prompts of each old and new topic: shape (`old_count`, `new_count`).

    Args:
        old: positions of some prompts' old topics, -1 for none.
        new: positions of the same prompts' new topics.
        old_count: how many old topics there are.
        new_count: how many new topics there are.
    """
    both = (old != NONE) & (new != NONE)
    ones = np.ones(both.sum(), dtype=np.int64)
    return csr_array(coo_array((ones, (old[both], new[both])), shape=(old_count, new_count)))


def first_lineage(topic_ids: Positions) -> pl.DataFrame:
    """The lineage of a home's first taxonomy: all its topics are new."""
    return pl.concat([pl.DataFrame(schema=LINEAGE), _alone("topic_id", topic_ids, _NEW)], how="diagonal")


def _related(old: Vectors | None, new: Vectors, shared: csr_array, min_similarity: float) -> _Pairs:
    """All pairs that are near enough to match, or share half of the members of one of them."""
    placed_old, placed_new = shared.sum(axis=1), shared.sum(axis=0)
    strangers = _mean_cosine(new)
    parts = []
    for start in range(0, len(placed_old), _BLOCK_ROWS):
        rows = slice(start, start + _BLOCK_ROWS)
        common = shared[rows].toarray()
        either = placed_old[rows, None] + placed_new - common
        if old is None:
            similarity = common / np.maximum(either, 1)
        else:
            alike = np.square(((cosines(old[rows] @ new.T) - strangers) / (1 - strangers)).clip(0, 1))
            similarity = (common + _CENTROID_WEIGHT * alike) / (either + _CENTROID_WEIGHT)
        most = (common >= _MOST * placed_old[rows, None]) | (common >= _MOST * placed_new)
        row, column = np.nonzero((similarity >= min_similarity) | (most & (common > 0)))
        parts.append((row + start, column, similarity[row, column], common[row, column]))
    return _Pairs(*(np.concatenate(arrays) for arrays in zip(*parts, strict=True)))


def _mean_cosine(units: Vectors) -> float:
    """The mean cosine of two different rows; 0 where there are none, or they are all the same."""
    count = len(units)
    total = units.sum(axis=0, dtype=np.float64)
    mean = (total @ total / STEPS**2 - count) / max(count * (count - 1), 1)
    return float(mean) if count > 1 and 0 < mean < _ALL_THE_SAME else 0.0


def _one_to_one(pairs: _Pairs, old_count: int, new_count: int, min_similarity: float) -> NDArray[np.bool_]:
    """Which pairs are the matching of greatest total similarity: the Hungarian method's, on sparse pairs.

    The solver wants a partner for each old topic, so each has a stand-in that adds nothing.
    """
    near = pairs.similarity >= min_similarity
    rows = np.concatenate([pairs.old[near], np.arange(old_count)])
    columns = np.concatenate([pairs.new[near], new_count + np.arange(old_count)])
    weights = np.concatenate([1 + pairs.similarity[near], np.ones(old_count)])  # a weight of 0 is no edge
    edges = csr_array((weights, (rows, columns)), shape=(old_count, new_count + old_count))
    partner = np.full(old_count, NONE, dtype=np.int64)
    old, new = min_weight_full_bipartite_matching(edges, maximize=True)
    partner[old] = new
    return np.asarray(near & (partner[pairs.old] == pairs.new))


def _relations(
    pairs: _Pairs, is_same: NDArray[np.bool_], shared: csr_array, min_similarity: float
) -> NDArray[np.str_]:
    """What the topics of each pair are to each other; empty: nothing."""
    near = pairs.similarity >= min_similarity
    went = _share(pairs.old, pairs, near, shared.sum(axis=1)) >= _MOST
    came = _share(pairs.new, pairs, near, shared.sum(axis=0)) >= _MOST
    lives_on = np.isin(pairs.old, pairs.old[is_same])
    return np.select([is_same, came & (lives_on | ~went), went], [_SAME, _SPLIT, _MERGED], "")


def _share(side: Positions, pairs: _Pairs, near: NDArray[np.bool_], placed: Positions) -> Floats:
    """Share of the members of each pair's topic on one side that the other one has too.

    A topic without members that both fits place is wholly in the pair of greatest similarity that is near.
    """
    order = np.lexsort((pairs.old, pairs.new, -pairs.similarity, side))
    _, first = np.unique(side[order], return_index=True)
    is_best = np.zeros(len(side), dtype=bool)
    is_best[order[first]] = True
    return np.where(placed[side] > 0, pairs.shared / np.maximum(placed[side], 1), is_best & near)


def _lineage(
    pairs: _Pairs, relation: NDArray[np.str_], old_ids: Positions, topic_ids: Positions
) -> pl.DataFrame:
    kept = relation != ""
    related = pl.DataFrame(
        {
            "topic_id": topic_ids[pairs.new[kept]],
            "parent_topic_id": old_ids[pairs.old[kept]],
            "relation": relation[kept].tolist(),
            "similarity": pairs.similarity[kept],
            "shared_count": pairs.shared[kept],
        },
        schema_overrides=LINEAGE,
    )
    new = _alone("topic_id", np.setdiff1d(topic_ids, related["topic_id"]), _NEW)
    gone = _alone("parent_topic_id", np.setdiff1d(old_ids, related["parent_topic_id"]), _GONE)
    lineage = pl.concat([related, new, gone], how="diagonal")
    return lineage.sort("topic_id", "parent_topic_id", nulls_last=True)


def _alone(column: str, ids: Positions, relation: str) -> pl.DataFrame:
    """Rows of topics that have to do with no other."""
    return pl.select(
        pl.Series(column, ids, dtype=pl.Int32),
        relation=pl.lit(relation),
        shared_count=pl.lit(0, dtype=pl.Int64),
    )
