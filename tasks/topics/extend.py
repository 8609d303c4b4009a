"""New prompts among the topics of a taxonomy that is there, and how far they differ from those of its fit."""

import numpy as np
import polars as pl

from tasks.settings import TopicsSettings
from tasks.topics.assign import NONE, nearest
from tasks.topics.clusters import Source
from tasks.topics.drift import Drift, report
from tasks.topics.taxonomy import Taxonomy


def place_new(prompt_ids: pl.Series, source: Source, taxonomy: Taxonomy) -> pl.DataFrame:
    """Place prompts that the fit did not know.

    Args:
        prompt_ids: n prompts.
        source: their vectors.
        taxonomy: whose topics.

    Returns:
        `prompt_id`, `nearest_id` (null for a vector of zeros), `topic_id` and `similarity` (null where even
        the nearest topic is beyond the limit) and `assigned_by`.

    Raises:
        InputError: vectors have other dimensions than the taxonomy's.
    """
    positions, cosines = np.full(len(prompt_ids), NONE), np.zeros(len(prompt_ids))
    if len(prompt_ids):
        for rows, vectors in source.blocks():
            taxonomy.check(taxonomy.embedder, vectors.shape[1])
            positions[rows], cosines[rows] = nearest(vectors, taxonomy.centroids)
    ids = pl.Series(taxonomy.topic_ids[positions], dtype=pl.Int32)
    frame = pl.DataFrame({"prompt_id": prompt_ids, "id": ids, "similarity": cosines, "position": positions})
    is_near = (pl.col("position") != NONE) & (pl.col("similarity") >= taxonomy.min_similarity)
    return frame.select(
        "prompt_id",
        nearest_id=pl.when(pl.col("position") != NONE).then("id"),
        topic_id=pl.when(is_near).then("id"),
        assigned_by=pl.when(is_near).then(pl.lit("assigned")).otherwise(pl.lit("none")),
        similarity=pl.when(is_near).then("similarity"),
    )


def compare(taxonomy: Taxonomy, since: pl.DataFrame, settings: TopicsSettings) -> Drift:
    """Report how far the prompts since a fit differ from those of the fit.

    Args:
        taxonomy: the fit.
        since: `topic_id` (null for none) and `assigned_count` of the prompts since.
        settings: what is too far.
    """
    none = int(since.filter(pl.col("topic_id").is_null())["assigned_count"].sum())
    fitted = pl.DataFrame({"topic_id": taxonomy.topic_ids, "fitted_count": taxonomy.placed_counts})
    counts = fitted.cast({"topic_id": pl.Int32}).join(since, on="topic_id", how="left").fill_null(0)
    return report(counts, taxonomy.placed_none, none, settings.max_none_growth, settings.max_shift)
