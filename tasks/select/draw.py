"""Which prompts make the test set: the thresholds and the draw.

The method's sources contradict each other on the thresholds, and a mean over all prompts of a topic is
another number than one over those that pass, so both are settings, and the population is stated.
"""

from collections import defaultdict
from dataclasses import dataclass

import numpy as np
import polars as pl

from tasks.select.rotation import NO_PAST, Candidate, Past, Places, Pool, fill
from tasks.settings import RotationSettings, SelectSettings

# How a prompt of a topic's noise came to it, as `core.prompt_topics.assigned_by` has it.
_REASSIGNED = ("nearest", "c_tf_idf")
_ROLES = {"prompt_id": pl.String, "role": pl.String}


@dataclass(frozen=True)
class Selection:
    """A row a topic, with its mean and its fate; a row a prompt, in which the chosen have no reason."""

    topics: pl.DataFrame
    prompts: pl.DataFrame


def draw(scored: pl.DataFrame, settings: SelectSettings, seed: int, past: Past = NO_PAST) -> Selection:
    """Choose prompts; the order of rows does not matter.

    Args:
        scored: `prompt_id`, `topic_id`, `name` (the topic's), `domain_id` (the topic's; null is a domain of
            its own), `assigned_by`, `score`; each prompt once.
        settings: thresholds, quota and sizes.
        seed: of the draw of topics, and of the prompts that stay.
        past: earlier releases, of which the last one is rotated.

    Returns:
        Reasons are `reassigned` (noise that the settings ignore), `low_score`, `weak_topic` (its mean is too
        low), `small_topic` (too few prompts pass), `served_out` (it served in as many releases as it may),
        `rotated_out` (it made room), `domain_full` (its topic was passed over, as its domain has its share),
        `topic_not_drawn` and `spare` (its topic has better ones). Those that are chosen have a role.
    """
    is_ignored = pl.col("assigned_by").is_in(_REASSIGNED) & (settings.reassigned == "ignore")
    judged = scored.filter(~is_ignored).with_columns(passes=pl.col("score") >= settings.min_score)
    topics = _judge_topics(judged, settings)
    ranked = _with_past(judged.join(topics, on="topic_id").with_columns(rank=_rank_in_topic()), past)
    places = _places(ranked, settings, past.policy, seed)
    topics = topics.with_columns(
        is_chosen=pl.col("topic_id").is_in(list(places.topics)), is_full=pl.col("topic_id").is_in(places.full)
    )
    ignored = scored.filter(is_ignored).select("prompt_id", "topic_id", reject_reason=pl.lit("reassigned"))
    fates = _judge_prompts(ranked, topics, places)
    prompts = pl.concat([fates, ignored], how="diagonal").sort("prompt_id")
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


def _with_past(ranked: pl.DataFrame, past: Past) -> pl.DataFrame:
    most = past.policy.max_releases
    return ranked.join(past.prompts, on="prompt_id", how="left").with_columns(
        pl.col("served").fill_null(0),
        is_served_out=(pl.col("served").fill_null(0) >= most) & (most > 0),
    )


def _judge_prompts(ranked: pl.DataFrame, topics: pl.DataFrame, places: Places) -> pl.DataFrame:
    roles = pl.DataFrame(
        {"prompt_id": list(places.roles), "role": list(places.roles.values())}, schema=_ROLES
    )
    judged = ranked.join(topics.select("topic_id", "is_chosen", "is_full"), on="topic_id")
    judged = judged.join(roles, on="prompt_id", how="left")
    reason = (
        pl.when(~pl.col("passes"))
        .then(pl.lit("low_score"))
        .when(pl.col("is_weak"))
        .then(pl.lit("weak_topic"))
        .when(pl.col("is_small"))
        .then(pl.lit("small_topic"))
        .when(pl.col("role").is_not_null())
        .then(None)
        .when(pl.col("is_served_out"))
        .then(pl.lit("served_out"))
        .when(pl.col("last_role").is_not_null())
        .then(pl.lit("rotated_out"))
        .when(pl.col("is_full"))
        .then(pl.lit("domain_full"))
        .when(~pl.col("is_chosen"))
        .then(pl.lit("topic_not_drawn"))
        .otherwise(pl.lit("spare"))
    )
    return judged.select("prompt_id", "topic_id", "role", reject_reason=reason)


def _places(ranked: pl.DataFrame, settings: SelectSettings, policy: RotationSettings, seed: int) -> Places:
    """Fill the places of the test set with prompts that pass, of eligible topics, in a seeded order."""
    random = np.random.default_rng(seed)
    candidates = ranked.filter("passes", "is_eligible").sort("topic_id", "rank")
    topics = candidates["topic_id"].unique().sort().to_numpy()
    order = [int(topic) for topic in random.permutation(topics)]
    was_last, is_new = pl.col("last_role").is_not_null(), pl.col("served") == 0
    held = candidates.filter(was_last).sort("prompt_id")
    held = held[random.permutation(held.height)]
    pool = Pool(
        anchors=_candidates(held.filter(pl.col("last_role") == "anchor")),
        held=_candidates(held.filter(~pl.col("is_served_out"))),
        fresh=_by_topic(candidates.filter(is_new)),
        former=_by_topic(candidates.filter(~is_new, ~was_last, ~pl.col("is_served_out"))),
    )
    places = fill(order, pool, settings, policy)
    if places.size < settings.size and settings.max_domain_share < 1:
        places.full = sorted(set(order) - set(places.topics))
    return places


def _candidates(frame: pl.DataFrame) -> list[Candidate]:
    return [Candidate(*row) for row in frame.select("prompt_id", "topic_id", "domain_id").iter_rows()]


def _by_topic(frame: pl.DataFrame) -> dict[int, list[Candidate]]:
    """Candidates of each topic, the best one first."""
    topics: dict[int, list[Candidate]] = defaultdict(list)
    for candidate in _candidates(frame):
        topics[candidate.topic_id].append(candidate)
    return topics


def _rank_in_topic() -> pl.Expr:
    """1 for the best prompt of a topic: by score, then by hash, so that ties fall the same way every time."""
    order = pl.struct(-pl.col("score").cast(pl.Int64), "prompt_id")
    return order.rank("ordinal").over("topic_id")
