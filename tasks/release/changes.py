"""What changed since the release before, in Markdown: for the card, and for the report on a candidate."""

from typing import Any

from tasks.release.card import table
from tasks.release.diff import Diff

_TOPICS_SHOWN = 10


def topic_name(row: dict[str, Any]) -> str:
    """The name of a topic of `Diff.topics`, and the one that it had before."""
    return f"{row['topic']} (was: {row['topic_before']})" if row["topic_before"] else str(row["topic"])


def changes(diff: Diff) -> list[str]:
    """Sentences and tables, without any prompt."""
    counts = diff.counts
    sections = [
        f"{counts['came']:,} questions came, {counts['stayed']:,} stayed, {counts['went']:,} went. "
        f"Shares of topics moved by {diff.topics_shift:.1%} of the questions in all."
    ]
    if diff.reasons.height:
        sections.append(table(("change", "reason", "questions"), diff.reasons.iter_rows()))
    moved = diff.topics.filter(diff.topics["shift"] != 0)
    if moved.height:
        shown = moved.head(_TOPICS_SHOWN)
        sections.append(
            table(
                ("topic", "share before", "share now"),
                (
                    (topic_name(row), f"{row['share_before']:.1%}", f"{row['share_now']:.1%}")
                    for row in shown.iter_rows(named=True)
                ),
            )
        )
        if moved.height > shown.height:
            sections.append(f"… and {moved.height - shown.height:,} more topics whose share moved less.")
    sections.append(table(("score", "questions before", "questions now"), diff.scores.iter_rows()))
    lengths = (
        (name, *("-" if value is None else f"{value:,.0f}" for value in values))
        for name, *values in diff.lengths.iter_rows()
    )
    sections.append(table(("length in characters", "before", "now"), lengths))
    return sections
