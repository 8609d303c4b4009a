"""How good topics are: pure functions, the same for every contender."""

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
import polars as pl
from bertopic.vectorizers import ClassTfidfTransformer
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from scipy.spatial.distance import cdist
from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS, CountVectorizer
from sklearn.manifold import trustworthiness
from sklearn.metrics import adjusted_mutual_info_score, adjusted_rand_score, normalized_mutual_info_score

from tasks.topics.coherence import npmi
from tasks.topics.tokens import Tokens, tokenise

NONE: Final = -1
_SAMPLE: Final = 8_000
_NEIGHBORS: Final = 15
_NEAREST: Final = 5
_WORDS: Final = 10
_RARE: Final = 5
_KINDS: Final = ("narrow", "broad")
# NMI grows with the number of topics, drawn by lot too. AMI and adjusted Rand are 0 for those.
_SCORES: Final = {
    "ami": adjusted_mutual_info_score,
    "nmi": normalized_mutual_info_score,
    "ari": adjusted_rand_score,
}

Topics = NDArray[np.int64]
Points = NDArray[np.float32]


def trust(vectors: Points, layout: Points) -> float:
    """Trustworthiness (k=15, cosine) of a layout: of 8,000 prompts drawn with a seed, or of all."""
    sample = np.arange(len(vectors))
    if len(sample) > _SAMPLE:
        sample = np.random.default_rng(0).choice(len(vectors), _SAMPLE, replace=False)
    return float(trustworthiness(vectors[sample], layout[sample], n_neighbors=_NEIGHBORS, metric="cosine"))


def mates(points: Points, clusters: Sequence[str | None], metric: str = "euclidean") -> float:
    """Share of the prompts with a cluster whose nearest five among themselves hold one of the same cluster.

    Of prompts that stand in one place, which are the nearest is left to chance: what counts is the
    probability.

    Args:
        points: shape (n, dimensions).
        clusters: (n), of Arena-Hard, two prompts in each; None for all other prompts.
        metric: see scipy's `cdist`.
    """
    names = np.array(clusters, dtype=object)
    rows = np.flatnonzero([name is not None for name in names])
    distances = cdist(points[rows], points[rows], metric)
    distances = np.where(np.isnan(distances), np.inf, distances)  # the cosine of a vector of zeros
    np.fill_diagonal(distances, np.inf)
    is_mate = names[rows][:, None] == names[rows]
    np.fill_diagonal(is_mate, val=False)
    nearest_mate = np.where(is_mate, distances, np.inf).min(axis=1)[:, None]
    nearer = (distances < nearest_mate).sum(axis=1)
    tied = ((distances == nearest_mate) & np.isfinite(nearest_mate)).sum(axis=1)
    chance = np.clip((_NEAREST - nearer) / np.maximum(tied, 1), 0, 1)
    return float(np.where(tied > 0, chance, 0).mean())


def agreement(labels: pl.DataFrame, topics: Topics) -> dict[str, float]:
    """AMI, NMI and adjusted Rand of topics and labels: for each run of labels by itself, then averaged.

    A run counts by its prompts; one with a single label is skipped. NaN if none is left.

    Args:
        labels: `row` (a position in `topics`), `run`, `narrow` and `broad`, one row for each run of a prompt.
        topics: (n), of all prompts; -1 is taken for a topic like any other.
    """
    scores: dict[str, float] = {}
    for kind in _KINDS:
        pairs = list(_pairs(labels, topics, kind))
        weights = [len(names) for names, _ in pairs]
        for name, score in _SCORES.items():
            values = [score(*pair) for pair in pairs]
            scores[f"{name}_{kind}"] = float(np.average(values, weights=weights)) if values else float("nan")
    return scores


def _pairs(labels: pl.DataFrame, topics: Topics, kind: str) -> Iterator[tuple[list[str], Topics]]:
    for _, own in labels.drop_nulls(kind).sort("run", "row").group_by("run", maintain_order=True):
        if own[kind].n_unique() > 1:
            yield own[kind].to_list(), topics[own["row"].to_numpy()]


def labels_of(prompts: pl.DataFrame) -> pl.DataFrame:
    """`row`, `run`, `narrow` and `broad` of the prompts that have `labels`."""
    rows = prompts.select("labels").with_row_index("row").explode("labels").drop_nulls("labels")
    return rows.unnest("labels")


def judge_labels(labels: pl.DataFrame, topics: Topics) -> dict[str, float]:
    """`agreement` twice: prompts without a topic are one topic of their own; or they are left out."""
    placed = labels.filter(topics[labels["row"].to_numpy()] != NONE)
    left_out = {f"{name}_placed": score for name, score in agreement(placed, topics).items()}
    share = placed.height / labels.height if labels.height else float("nan")
    return agreement(labels, topics) | left_out | {"labels_placed": share}


def tokens_of(texts: Sequence[str]) -> Tokens:
    """Words as the stage finds them, and as scikit-learn and so BERTopic do: a prompt holds those of both."""
    counts = CountVectorizer()
    plain = counts.fit_transform(texts)
    found = [tokenise(texts), Tokens(plain, counts.get_feature_names_out().tolist())]
    words = sorted({word for tokens in found for word in tokens.words})
    place = {word: number for number, word in enumerate(words)}
    entries = [tokens.holds.tocoo() for tokens in found]
    rows = np.concatenate([own.row for own in entries])
    columns = [
        np.array([place[word] for word in tokens.words], dtype=np.int64)[own.col]
        for tokens, own in zip(found, entries, strict=True)
    ]
    ones = np.ones(len(rows), dtype=np.int32)
    holds = csr_matrix((ones, (rows, np.concatenate(columns))), shape=(len(texts), len(words)))
    holds.data[:] = 1  # both found it
    return Tokens(holds, words)


def coherence(tokens: Tokens, words: Sequence[Sequence[str]]) -> tuple[float, int]:
    """Mean NPMI of the topics that have ten words, and how many these are."""
    full = [own for own in words if sum(map(bool, own)) == _WORDS]
    return (float(np.nanmean(npmi(tokens, full))) if full else float("nan")), len(full)


def words_of(tokens: Tokens, topics: Topics) -> list[list[str]]:
    """Ten words for each topic by c-TF-IDF, so that topics are compared and not ways to choose their words.

    They are counted once in a prompt; stop words and those that fewer than five prompts hold are left out.
    """
    counts = np.asarray(tokens.holds.sum(axis=0)).ravel()
    known = [
        place
        for place, word in enumerate(tokens.words)
        if counts[place] >= _RARE and word not in ENGLISH_STOP_WORDS
    ]
    members = np.flatnonzero(topics != NONE)
    ids, groups = np.unique(topics[members], return_inverse=True)
    shape = (len(ids), len(topics))
    of_topic = csr_matrix((np.ones(len(members), dtype=np.int64), (groups, members)), shape=shape)
    weights = ClassTfidfTransformer().fit_transform(of_topic @ tokens.holds[:, known])
    rows = (slice(*weights.indptr[row : row + 2]) for row in range(len(ids)))
    best = (weights.indices[row][np.lexsort((weights.indices[row], -weights.data[row]))] for row in rows)
    return [[tokens.words[known[column]] for column in columns[:_WORDS]] for columns in best]


def is_same_partition(one: Topics, other: Topics) -> bool:
    """Whether both have the same sets of prompts, whatever their numbers; -1 must be -1 in both."""
    pairs = np.unique(np.stack([one, other]), axis=1)
    is_one_to_one = all(len(np.unique(side)) == pairs.shape[1] for side in pairs)
    return bool(is_one_to_one and np.array_equal(one == NONE, other == NONE))
