"""What a person should look at before a release becomes the latest: Markdown without any prompt."""

from pathlib import Path
from typing import Any

import polars as pl

from tasks.release.card import table
from tasks.release.changes import changes
from tasks.release.diff import Diff


def report(
    folder: Path, manifest: dict[str, Any], state: str, warnings: pl.DataFrame, diff: Diff | None
) -> str:
    """Write the report on a release.

    Args:
        folder: where it is: `<home>/releases/<id>`.
        manifest: of the release.
        state: `candidate`, `published` or `withdrawn`.
        warnings: `boundary`, `name`, `observed`, `unexpected_count` of the checks that warned.
        diff: to the release before, if there is one.
    """
    sections = [
        f"# Release {folder.name}",
        _what_next(folder, state),
        f"{manifest['questions']:,} questions of {manifest['topics']:,} topics, in `{folder}`; `CARD.md` "
        "there says how they were chosen.",
        "## Warnings of the gates",
        _warnings(warnings),
        "## Cost",
        _cost(manifest["cost"]),
        f"## What changed since {diff.older}" if diff else "## What changed",
        *(changes(diff) if diff else ["There is no other release yet."]),
    ]
    return "\n\n".join(sections) + "\n"


def _what_next(folder: Path, state: str) -> str:
    home = folder.parent.parent
    if state == "published":
        return f"It is published. To take it back: `evergreen withdraw {folder.name} --home {home}`."
    why = "It was withdrawn" if state == "withdrawn" else "It is a candidate"
    return (
        f"**{why}, and waits.** To make it the latest: `evergreen publish {folder.name} --home {home}`, or "
        f"run the deployment `publish` with **release_id** `{folder.name}`."
    )


def _cost(cost: dict[str, Any]) -> str:
    """What models cost; a release made before models were asked does not say."""
    if not cost.get("calls"):
        return "No model was paid."
    return (
        f"{cost['new_usd']:.2f} USD for {cost['new_calls']:,} calls since the last build that ended well, "
        f"{cost['usd']:.2f} USD in all."
    )


def _warnings(warnings: pl.DataFrame) -> str:
    if warnings.is_empty():
        return "None."
    columns = ["boundary", "name", "unexpected_count", "observed"]
    return table(("after", "check", "rows", "found"), warnings.select(columns).iter_rows())
