"""CARD.md: what a release is, in words and tables, for whoever finds it on a disk in three years."""

from collections.abc import Iterable, Sequence
from typing import Any

_HEURISTIC = (
    "**`heuristic-1` is not an LLM's judgement.** It guesses the seven criteria from marks of the text, "
    "ranks prompts roughly and may be wrong on any single one."
)


def card(
    manifest: dict[str, Any], topics: Sequence[tuple[str, int, float]], changed: Sequence[str] = ()
) -> str:
    """Write the card of a release.

    Args:
        manifest: of the release.
        topics: name, questions and mean score of each topic in it.
        changed: a heading and what changed since the release before, if there is one.
    """
    sections = [
        f"# Test set {manifest['release_id']}",
        f"{manifest['questions']} questions from {manifest['topics']} topics, chosen by Evergreen "
        f"{manifest['evergreen']} from live user queries. `question.jsonl` is in arena-hard-auto's format; "
        "`questions.parquet` adds scores, criteria, the path of each topic and the date first seen; "
        "`manifest.json` has all that made it.",
        "## How it was chosen",
        _HEURISTIC if manifest["models"]["annotator"] == "heuristic-1" else "",
        "\n".join(f"- {sentence}" for sentence in manifest["thresholds"].values()),
        "## Who marked the prompts",
        table(
            ("pass", "annotator", "outcome", "prompts"),
            ((r["pass"], r["annotator"], r["outcome"], f"{r['prompts']:,}") for r in manifest["annotations"]),
        ),
        *_cost(manifest["cost"]),
        "## From records to questions",
        table(
            ("stage", "reason", "rows"),
            ((r["stage"], r["reason"], f"{r['rows']:,}") for r in manifest["funnel"]),
        ),
        "## Sources",
        table(
            ("file", "bytes", "conversations", "rejects"),
            (
                (s["url"], f"{s['size']:,}", f"{s['rows']:,}", f"{s['rejects']:,}")
                for s in manifest["sources"]
            ),
        ),
        "## Topics",
        table(
            ("topic", "questions", "mean score"),
            ((name, count, f"{mean:.2f}") for name, count, mean in topics),
        ),
        *changed,
    ]
    return "\n\n".join(section for section in sections if section) + "\n"


def _cost(cost: dict[str, Any]) -> list[str]:
    """What models cost, if any was asked."""
    if not cost["calls"]:
        return []
    rows = (
        (
            *(r["stage"], r["model"], r["mode"]),
            *(f"{r[count]:,}" for count in ("calls", "input_tokens", "output_tokens")),
            f"{r['usd']:.2f}",
        )
        for r in cost["by_model"]
    )
    return [
        "## What it cost",
        f"{cost['new_usd']:.2f} USD for {cost['new_calls']:,} calls since the last build that ended well; in "
        f"all {cost['usd']:.2f} USD for {cost['calls']:,} calls:",
        table(("stage", "model", "mode", "calls", "input tokens", "output tokens", "USD"), rows),
    ]


def table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A Markdown table; a bar in a cell is escaped."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(
        "| " + " | ".join(str(cell).replace("|", "\\|") for cell in line) + " |" for line in lines
    )
