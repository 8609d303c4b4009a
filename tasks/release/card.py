"""CARD.md: what a release is, in words and tables, for whoever finds it on a disk in three years."""

from collections.abc import Iterable, Sequence
from typing import Any

_HEURISTIC = (
    "**`heuristic-1` is not an LLM's judgement.** It guesses the seven criteria from marks of the text, "
    "ranks prompts roughly and may be wrong on any single one."
)


def card(manifest: dict[str, Any], topics: Sequence[tuple[str, int, float]]) -> str:
    """Write the card of a release.

    Args:
        manifest: of the release.
        topics: name, questions and mean score of each topic in it.
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
    ]
    return "\n\n".join(section for section in sections if section) + "\n"


def table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A Markdown table; a bar in a cell is escaped."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(
        "| " + " | ".join(str(cell).replace("|", "\\|") for cell in line) + " |" for line in lines
    )
