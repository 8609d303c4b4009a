"""A fit: all that is stored of topics found anew, as frames."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import polars as pl

from tasks.settings import TopicsSettings
from tasks.topics.assign import NONE, place_held_out
from tasks.topics.clusters import Clusters, Source, find_clusters
from tasks.topics.coherence import npmi
from tasks.topics.diagnosis import diagnose
from tasks.topics.match import Match, Old, count_shared, first_lineage, match
from tasks.topics.tokens import Tokens, tokenise
from tasks.topics.tree import build_tree, domains
from tasks.topics.words import Words, describe_topics, nearest_by_words
from tasks.vectors.grid import Floats, cosines
from tasks.vectors.search import Positions

_REPRESENTATIVES: Final = 3
# Cosine of a prompt's words to a topic's; with one common word of ten it is about this.
_MIN_WORDS_COSINE: Final = 0.1


@dataclass(frozen=True)
class Former:
    """The topics that a new fit may continue.

    Args:
        old: the last taxonomy's topics.
        members: `prompt_id` and `topic_id` of the prompts that it placed.
        highest: the highest topic id that the home ever used.
    """

    old: Old
    members: pl.DataFrame
    highest: int


@dataclass(frozen=True)
class Fit:
    """What a fit came to.

    `tables`: the rows of topics, members, tree, similar_topics and lineage. `clusters`: where they come from.
    `topic_ids` (t): ids by position. `placed_counts` (t) and `placed_none`: see `taxonomy.Taxonomy`.
    """

    tables: dict[str, pl.DataFrame]
    clusters: Clusters
    topic_ids: Positions
    placed_counts: Positions
    placed_none: int


def fit(
    prompts: pl.DataFrame, source: Source, settings: TopicsSettings, seed: int, former: Former | None
) -> Fit:
    """Find topics, name them, and say what they are to the former ones.

    Args:
        prompts: `prompt_id`, `prompt`; n >= 1 rows, in the order of ids.
        source: their vectors.
        settings: see `find_clusters`.
        seed: see `find_clusters`.
        former: None for the first fit of a home.
    """
    with ThreadPoolExecutor(1) as beside:  # most of what follows leaves a core free
        reading = beside.submit(tokenise, prompts["prompt"])
        clusters = find_clusters(source, settings, seed)
        tokens, assigned_by = reading.result(), _ways(clusters, "nearest")
        if settings.outliers == "c_tf_idf":
            clusters, assigned_by = _moved_by_words(clusters, tokens)
        words = describe_topics(tokens, clusters.labels)
        scoring = beside.submit(npmi, tokens, words.keywords)
        matched = _identify(prompts["prompt_id"], clusters, former)
        nodes = build_tree(clusters.centroids, words, matched.topic_ids.tolist())
        placed = _placed(clusters, settings.min_cosine)
        coherence = scoring.result()
    members = _members(prompts["prompt_id"], clusters, assigned_by, matched.topic_ids)
    topics = _topics(words, matched.topic_ids, domains(nodes, settings.domains), coherence)
    topics = topics.join(summarise(members), on="topic_id", maintain_order="left")
    tree = pl.DataFrame(nodes, infer_schema_length=None)
    tables = {"members": members, "tree": tree, "lineage": matched.lineage}
    counts = np.bincount(placed[placed != NONE], minlength=len(matched.topic_ids))
    return Fit(
        tables | diagnose(topics, members, clusters.centroids),
        clusters,
        matched.topic_ids,
        counts,
        int((placed == NONE).sum()),
    )


def summarise(members: pl.DataFrame) -> pl.DataFrame:
    """Size, size of the core, centre on the map and the three most typical prompts of each topic."""
    is_core = pl.col("assigned_by") == "cluster"
    return (
        members.drop_nulls("topic_id")
        .sort("topic_id", -pl.col("similarity"), "prompt_id")
        .group_by("topic_id", maintain_order=True)
        .agg(
            size=pl.len().cast(pl.Int32),
            core_size=is_core.sum().cast(pl.Int32),
            representatives=pl.col("prompt_id").filter(is_core).head(_REPRESENTATIVES),
            x=pl.col("x").filter(is_core).median(),
            y=pl.col("y").filter(is_core).median(),
        )
    )


def _ways(clusters: Clusters, moved: str) -> pl.Series:
    """How each prompt came to its topic; `moved` is what happened to noise that has one."""
    ways = np.select(
        [clusters.is_core, clusters.labels == NONE, clusters.is_fitted],
        ["cluster", "none", moved],
        "assigned",
    )
    return pl.Series("assigned_by", ways)


def _moved_by_words(clusters: Clusters, tokens: Tokens) -> tuple[Clusters, pl.Series]:
    """Give noise of the fit to the topics of its words."""
    noise = np.flatnonzero((clusters.labels == NONE) & clusters.is_fitted)
    words = describe_topics(tokens, clusters.labels)
    if not words.vocabulary:
        return clusters, _ways(clusters, "c_tf_idf")
    found, alike = nearest_by_words(tokens, noise, words)
    near = alike >= _MIN_WORDS_COSINE
    labels, similarity = clusters.labels.copy(), clusters.similarity.copy()
    labels[noise[near]] = found[near]
    vectors = clusters.fitted[np.cumsum(clusters.is_fitted)[noise[near]] - 1]
    similarity[noise[near]] = cosines((vectors * clusters.centroids[found[near]]).sum(axis=1))
    moved = replace(clusters, labels=labels, similarity=similarity)
    return moved, _ways(moved, "c_tf_idf")


def _identify(prompt_ids: pl.Series, clusters: Clusters, former: Former | None) -> Match:
    """Ids for topics, those of the former ones that they continue where they do."""
    count = len(clusters.centroids)
    if former is None:
        ids = np.arange(count)
        return Match(ids, first_lineage(ids))
    places = pl.DataFrame({"topic_id": former.old.ids, "place": np.arange(len(former.old.ids))})
    now = pl.DataFrame({"prompt_id": prompt_ids, "label": clusters.labels})
    both = now.join(former.members.join(places, on="topic_id"), on="prompt_id")
    shared = count_shared(both["place"].to_numpy(), both["label"].to_numpy(), len(former.old.ids), count)
    old = former.old
    if old.centroids is not None and old.centroids.shape[1] != clusters.centroids.shape[1]:
        old = replace(old, centroids=None)  # a server may have changed what it gives under one name
    return match(old, clusters.centroids, shared, former.highest)


def _members(
    prompt_ids: pl.Series, clusters: Clusters, assigned_by: pl.Series, topic_ids: Positions
) -> pl.DataFrame:
    has_topic = clusters.labels != NONE
    ids = pl.DataFrame({"topic_id": topic_ids[clusters.labels], "has": has_topic})
    return pl.DataFrame(
        {
            "prompt_id": prompt_ids,
            "topic_id": ids.select(pl.when("has").then(pl.col("topic_id").cast(pl.Int32))).to_series(),
            "assigned_by": assigned_by,
            "similarity": pl.Series(np.where(has_topic, clusters.similarity, np.nan)).fill_nan(None),
            "x": clusters.map[:, 0].astype(np.float64),
            "y": clusters.map[:, 1].astype(np.float64),
        }
    )


def _topics(words: Words, topic_ids: Positions, domain_ids: list[int], coherence: Floats) -> pl.DataFrame:
    """A row a topic, by position."""
    return pl.DataFrame(
        {
            "topic_id": topic_ids,
            "name": words.names,
            "keywords": pl.Series(words.keywords, dtype=pl.List(pl.String)),
            "domain_id": domain_ids,
            "coherence": pl.Series(coherence).fill_nan(None),
        },
        schema_overrides={"topic_id": pl.Int32, "domain_id": pl.Int32},
    )


def _placed(clusters: Clusters, min_cosine: float) -> Positions:
    """Where each prompt would be placed if it came after the fit."""
    placed = np.where(clusters.is_fitted, NONE, clusters.labels)
    core = np.where(clusters.is_core, clusters.labels, NONE)[clusters.is_fitted]
    placed[clusters.is_fitted] = place_held_out(clusters.fitted, core, clusters.centroids, min_cosine)
    return placed
