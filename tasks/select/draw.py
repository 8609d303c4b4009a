"""Which prompts make the test set: the thresholds and the draw.

The method's sources contradict each other on the thresholds, and a mean over all prompts of a topic is
another number than one over those that pass, so both are settings, and the population is stated.
"""

import math
from dataclasses import dataclass

import numpy as np
import polars as pl

from tasks.settings import SelectSettings

# How a prompt of a topic's noise came to it, as `core.prompt_topics.assigned_by` has it.
_REASSIGNED = ("nearest", "c_tf_idf")


@dataclass(frozen=True)
class Selection:
    """A row a topic, with its mean and its fate; a row a prompt, in which the chosen have no reason."""

    topics: pl.DataFrame
    prompts: pl.DataFrame


@dataclass(frozen=True)
class _Draw:
    """The topics drawn, in order, for a test set of `size` prompts; the quota kept out those `full`."""

    topics: list[int]
    full: list[int]
    size: int


def draw(scored: pl.DataFrame, settings: SelectSettings, seed: int) -> Selection:
    """Choose prompts; the order of rows does not matter.

    Args:
        scored: `prompt_id`, `topic_id`, `name` (the topic's), `domain_id` (the topic's; null is a domain of
            its own), `assigned_by`, `score`; each prompt once.
        settings: thresholds, quota and sizes.
        seed: of the draw of topics.

    Returns:
        Reasons are `reassigned` (noise that the settings ignore), `low_score`, `weak_topic` (its mean is too
        low), `small_topic` (too few prompts pass), `domain_full` (its topic was passed over, as its domain
        has its share), `topic_not_drawn` and `spare` (its topic has better ones).
    """
    is_ignored = pl.col("assigned_by").is_in(_REASSIGNED) & (settings.reassigned == "ignore")
    judged = scored.filter(~is_ignored).with_columns(passes=pl.col("score") >= settings.min_score)
    topics = _judge_topics(judged, settings)
    drawn = _draw_topics(topics, settings, seed)
    topics = topics.with_columns(
        is_chosen=pl.col("topic_id").is_in(drawn.topics), is_full=pl.col("topic_id").is_in(drawn.full)
    )
    ignored = scored.filter(is_ignored).select("prompt_id", "topic_id", reject_reason=pl.lit("reassigned"))
    prompts = pl.concat([_judge_prompts(judged, topics, drawn, settings), ignored]).sort("prompt_id")
    return Selection(topics.drop("is_weak", "is_small"), prompts)


def _judge_topics(judged: pl.DataFrame, settings: SelectSettings) -> pl.DataFrame:
    population = pl.col("passes") if settings.topic_mean_population == "passing" else pl.lit(value=True)
    topics = (
        judged.group_by("topic_id", "name", "domain_id")
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


def _judge_prompts(
    judged: pl.DataFrame, topics: pl.DataFrame, drawn: _Draw, settings: SelectSettings
) -> pl.DataFrame:
    ranked = judged.join(topics, on="topic_id").with_columns(rank=_rank_in_topic())
    reason = (
        pl.when(~pl.col("passes"))
        .then(pl.lit("low_score"))
        .when(pl.col("is_weak"))
        .then(pl.lit("weak_topic"))
        .when(pl.col("is_small"))
        .then(pl.lit("small_topic"))
        .when(pl.col("is_full"))
        .then(pl.lit("domain_full"))
        .when(~pl.col("is_chosen"))
        .then(pl.lit("topic_not_drawn"))
        .when(pl.col("rank") > _places(drawn, settings.per_topic))
        .then(pl.lit("spare"))
    )
    return ranked.select("prompt_id", "topic_id", reject_reason=reason)


def _draw_topics(topics: pl.DataFrame, settings: SelectSettings, seed: int) -> _Draw:
    """A seeded sample of the eligible topics, in which no domain has more than its share.

    The share is one of the prompts chosen, not of those asked for: where the other domains have too few
    topics to fill the test set, it shrinks until the share holds.
    """
    eligible = topics.filter("is_eligible")
    domains = dict(eligible.select("topic_id", "domain_id").iter_rows())
    order = [int(topic) for topic in np.random.default_rng(seed).permutation(eligible["topic_id"].to_numpy())]
    size = settings.size
    while True:
        drawn, full, filled = _walk(order, domains, size, settings)
        if filled == size:
            break
        size = filled
    if size < settings.size and settings.max_domain_share < 1:
        full = sorted(set(order) - set(drawn))
    return _Draw(drawn, full, size)


def _walk(
    order: list[int], domains: dict[int, int | None], size: int, settings: SelectSettings
) -> tuple[list[int], list[int], int]:
    """Draw topics in order until there are `size` prompts, passing over those whose domain has its share.

    Returns:
        The topics drawn, those passed over, and the number of prompts.
    """
    # 0.29 of 100 is 28.999999999999996 in floating point.
    most = math.floor(settings.max_domain_share * size + 1e-9)
    given: dict[int | None, int] = {}
    drawn: list[int] = []
    full: list[int] = []
    missing = size
    for topic in order:
        if missing == 0:
            break
        gift = min(settings.per_topic, missing)
        domain = domains[topic]
        if given.get(domain, 0) + gift > most:
            full.append(topic)
            continue
        given[domain] = given.get(domain, 0) + gift
        drawn.append(topic)
        missing -= gift
    return drawn, full, size - missing


def _rank_in_topic() -> pl.Expr:
    """1 for the best prompt of a topic: by score, then by hash, so that ties fall the same way every time."""
    order = pl.struct(-pl.col("score").cast(pl.Int64), "prompt_id")
    return order.rank("ordinal").over("topic_id")


def _places(drawn: _Draw, per_topic: int) -> pl.Expr:
    """Prompts that a topic gives: the last one drawn makes up the size where it is no multiple."""
    surplus = len(drawn.topics) * per_topic - drawn.size
    is_last = pl.col("topic_id") == (drawn.topics[-1] if drawn.topics else -1)
    return pl.when(is_last).then(per_topic - surplus).otherwise(per_topic)
