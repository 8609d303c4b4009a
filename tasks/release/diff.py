"""What changed between two releases: prompts, topics, scores and lengths."""

from dataclasses import dataclass
from typing import Any

import polars as pl

# It went, and the newer selection did not look at it: it has no topic, or no annotation that is ok.
NOT_ELIGIBLE = "not_eligible"
UNKNOWN = "unknown"
_LENGTHS = {"shortest": 0.0, "10 %": 0.1, "median": 0.5, "90 %": 0.9, "longest": 1.0}


@dataclass(frozen=True)
class Diff:
    """Two releases compared.

    `prompts`: `prompt_id`, `change` (came, stayed or went), `reason` (why it went, or as what it came or
    stayed, if that is known), `topic`, `score`.
    `topics`: `topic` (its name now, or before if it is gone), `topic_before` (its other name, where it was
    renamed), `before` and `now` (questions), `share_before`, `share_now`, `shift`; largest first.
    `scores`: `score`, `before` and `now` (questions).
    `lengths`: `measure`, `before` and `now` (characters).
    """

    older: str
    newer: str
    prompts: pl.DataFrame
    topics: pl.DataFrame
    scores: pl.DataFrame
    lengths: pl.DataFrame

    @property
    def counts(self) -> dict[str, int]:
        """How many prompts came, stayed and went."""
        counts = dict(self.prompts["change"].value_counts().iter_rows())
        return {change: counts.get(change, 0) for change in ("came", "stayed", "went")}

    @property
    def reasons(self) -> pl.DataFrame:
        """`change`, `reason` and `prompts`, where a reason is known; the most frequent comes first."""
        known = self.prompts.drop_nulls("reason").group_by("change", "reason").agg(prompts=pl.len())
        return known.sort("change", "prompts", "reason", descending=[False, True, False])

    @property
    def topics_shift(self) -> float:
        """Total variation distance between the shares of topics: 0 if they are the same, at most 1."""
        return float(self.topics["shift"].abs().sum()) / 2

    def as_json(self) -> dict[str, Any]:
        """All of it, without the text of any prompt."""
        names = {"older": self.older, "newer": self.newer}
        frames = ("reasons", "topics", "scores", "lengths", "prompts")
        tables = {name: getattr(self, name).to_dicts() for name in frames}
        return {**names, **self.counts, "topics_shift": self.topics_shift, **tables}


def compare(names: tuple[str, str], older: pl.DataFrame, newer: pl.DataFrame, reasons: pl.DataFrame) -> Diff:
    """Compare two releases.

    Args:
        names: ids of the older and the newer one.
        older: its prompts: `prompt_id`, `topic_id`, `topic`, `score`, `length` (characters). Topics are told
            by their ids, as names may change; where ids are not known in both, give names as ids.
        newer: the same of the newer one.
        reasons: `prompt_id` and `reason`, as the selection of the newer one has them; no rows where nobody
            knows, as of a release of another home.
    """
    return Diff(
        *names,
        prompts=_prompts(older, newer, reasons),
        topics=_topics(older, newer),
        scores=_counts(older, newer, "score").sort("score"),
        lengths=pl.DataFrame(
            [(name, _quantile(older, share), _quantile(newer, share)) for name, share in _LENGTHS.items()],
            schema={"measure": pl.String, "before": pl.Float64, "now": pl.Float64},
            orient="row",
        ),
    )


def _prompts(older: pl.DataFrame, newer: pl.DataFrame, reasons: pl.DataFrame) -> pl.DataFrame:
    columns = ["prompt_id", "topic", "score"]
    is_old = pl.col("prompt_id").is_in(older["prompt_id"].implode())
    seen = reasons.select("prompt_id", "reason", is_seen=pl.lit(value=True))
    now = newer.join(seen, on="prompt_id", how="left").select(
        *columns, "reason", change=pl.when(is_old).then(pl.lit("stayed")).otherwise(pl.lit("came"))
    )
    missing = UNKNOWN if reasons.is_empty() else NOT_ELIGIBLE
    gone = older.join(newer, on="prompt_id", how="anti")
    went = gone.join(seen, on="prompt_id", how="left").select(
        *columns,
        change=pl.lit("went"),
        reason=pl.when("is_seen").then(pl.col("reason").fill_null(UNKNOWN)).otherwise(pl.lit(missing)),
    )
    order = ["prompt_id", "change", "reason", "topic", "score"]
    both = [frame.select(order) for frame in (now, went)]
    return pl.concat(both, how="vertical_relaxed").sort("change", "prompt_id")


def _topics(older: pl.DataFrame, newer: pl.DataFrame) -> pl.DataFrame:
    before, now = (frame.group_by("topic_id").agg(pl.col("topic").min()) for frame in (older, newer))
    names = now.join(before, on="topic_id", how="full", coalesce=True, suffix="_before")
    is_renamed = pl.col("topic") != pl.col("topic_before")
    shares = _counts(older, newer, "topic_id").join(names, on="topic_id")
    shifts = shares.select(
        pl.coalesce("topic", "topic_before"),
        pl.when(is_renamed).then("topic_before"),
        "before",
        "now",
        share_before=pl.col("before") / max(older.height, 1),
        share_now=pl.col("now") / max(newer.height, 1),
    ).with_columns(shift=pl.col("share_now") - pl.col("share_before"))
    return shifts.sort(pl.col("shift").abs(), "topic", descending=[True, False])


def _counts(older: pl.DataFrame, newer: pl.DataFrame, column: str) -> pl.DataFrame:
    """Questions of each value of a column, in both."""
    before, now = (
        frame.group_by(column).agg(pl.len().cast(pl.Int64).alias(name))
        for frame, name in ((older, "before"), (newer, "now"))
    )
    both = before.join(now, on=column, how="full", coalesce=True)
    return both.with_columns(pl.col("before", "now").fill_null(0))


def _quantile(frame: pl.DataFrame, share: float) -> float | None:
    value = frame["length"].quantile(share, "nearest")
    return None if value is None else float(value)
