"""Which prompts make the test set: the thresholds and the draw.

The method's sources contradict each other on the thresholds, and a mean over all prompts of a topic is
another number than one over those that pass, so both are settings, and the population is stated.
"""

import math
from dataclasses import dataclass

import numpy as np
import polars as pl

from tasks.settings import SelectSettings


@dataclass(frozen=True)
class Selection:
    """A row a topic, with its mean and its fate; a row a prompt, in which the chosen have no reason."""

    topics: pl.DataFrame
    prompts: pl.DataFrame


def draw(scored: pl.DataFrame, settings: SelectSettings, seed: int) -> Selection:
    """Choose prompts; the order of rows does not matter.

    Args:
        scored: `prompt_id`, `topic_id`, `name` (the topic's), `score`; each prompt once.
        settings: thresholds and sizes.
        seed: of the draw of topics.

    Returns:
        Reasons are `low_score`, `weak_topic` (its mean is too low), `small_topic` (too few prompts pass),
        `topic_not_drawn` and `spare` (its topic has better ones).
    """
    judged = scored.with_columns(passes=pl.col("score") >= settings.min_score)
    topics = _judge_topics(judged, settings)
    drawn = _draw_topics(topics, settings, seed)
    topics = topics.with_columns(is_chosen=pl.col("topic_id").is_in(drawn))
    ranked = judged.join(topics, on="topic_id").with_columns(rank=_rank_in_topic())
    reason = (
        pl.when(~pl.col("passes"))
        .then(pl.lit("low_score"))
        .when(pl.col("is_weak"))
        .then(pl.lit("weak_topic"))
        .when(pl.col("is_small"))
        .then(pl.lit("small_topic"))
        .when(~pl.col("is_chosen"))
        .then(pl.lit("topic_not_drawn"))
        .when(pl.col("rank") > _quota(drawn, settings))
        .then(pl.lit("spare"))
    )
    prompts = ranked.select("prompt_id", "topic_id", reject_reason=reason).sort("prompt_id")
    return Selection(topics.drop("is_weak", "is_small"), prompts)


def _judge_topics(judged: pl.DataFrame, settings: SelectSettings) -> pl.DataFrame:
    population = pl.col("passes") if settings.topic_mean_population == "passing" else pl.lit(value=True)
    topics = (
        judged.group_by("topic_id", "name")
        .agg(
            mean_score=pl.col("score").filter(population).mean(),
            annotated_count=pl.len(),
            passing_count=pl.col("passes").sum(),
        )
        .sort("topic_id")
        .with_columns(
            is_weak=pl.col("mean_score").fill_null(0) < settings.min_topic_mean,
            is_small=pl.col("passing_count") < settings.per_topic,
        )
    )
    return topics.with_columns(is_eligible=~(pl.col("is_weak") | pl.col("is_small")))


def _draw_topics(topics: pl.DataFrame, settings: SelectSettings, seed: int) -> list[int]:
    """A seeded sample of the eligible topics, in the order drawn."""
    eligible = topics.filter("is_eligible")["topic_id"].to_numpy()
    order = np.random.default_rng(seed).permutation(eligible)
    return [int(topic) for topic in order[: math.ceil(settings.size / settings.per_topic)]]


def _rank_in_topic() -> pl.Expr:
    """1 for the best prompt of a topic: by score, then by hash, so that ties fall the same way every time."""
    order = pl.struct(-pl.col("score").cast(pl.Int64), "prompt_id")
    return order.rank("ordinal").over("topic_id")


def _quota(drawn: list[int], settings: SelectSettings) -> pl.Expr:
    """Prompts that a topic gives: the last one drawn makes up the size where it is no multiple."""
    surplus = max(0, len(drawn) * settings.per_topic - settings.size)
    is_last = pl.col("topic_id") == (drawn[-1] if drawn else -1)
    return pl.when(is_last).then(settings.per_topic - surplus).otherwise(settings.per_topic)
