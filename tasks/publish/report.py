"""What a person should look at before a release becomes the latest: Markdown without any prompt."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from tasks.release.card import table
from tasks.release.changes import changes
from tasks.release.diff import Diff

_WHY_IT_WAITS = {
    "candidate": "It is a candidate",
    "replaced": "It was published, and another one was put in its place",
    "withdrawn": "It was withdrawn",
}


@dataclass(frozen=True)
class Place:
    """The folder of a release, `<home>/releases/<id>`, and the URL of the target that has it; empty: none."""

    folder: Path
    target: str

    @property
    def home(self) -> Path:
        """The home of the release."""
        return self.folder.parent.parent


@dataclass(frozen=True)
class Evidence:
    """What the warehouse says of the run that made a release, as the queries give it.

    `warnings`: publish/warnings. `gates`: publish/gates. `contamination`: screen/counts. `costs`: llm/costs.
    """

    warnings: pl.DataFrame
    gates: pl.DataFrame
    contamination: pl.DataFrame
    costs: pl.DataFrame


def report(place: Place, manifest: dict[str, Any], state: str, evidence: Evidence, diff: Diff | None) -> str:
    """Write the report on a release.

    Args:
        place: where it is.
        manifest: of the release.
        state: `candidate`, `published` (the latest), `replaced` (by another one) or `withdrawn`.
        evidence: of the run that made it.
        diff: to the release before, if there is one.
    """
    sections = [
        f"# Release {place.folder.name}",
        _what_next(place, state),
        f"{manifest['questions']:,} questions of {manifest['topics']:,} topics.",
        "## Gates",
        *_gates(evidence),
        "## Contamination",
        _contamination(evidence.contamination),
        "## Cost",
        _cost(evidence.costs),
        f"## What changed since {diff.older}" if diff else "## What changed",
        *(changes(diff) if diff else ["There is no other release yet."]),
        "## Where to look",
        _links(place),
    ]
    return "\n\n".join(sections) + "\n"


def _what_next(place: Place, state: str) -> str:
    release_id = place.folder.name
    if state == "published":
        return f"It is published. To take it back: `evergreen withdraw {release_id} --home {place.home}`."
    why = _WHY_IT_WAITS[state]
    return (
        f"**{why}, and waits.** To make it the latest: `evergreen publish {release_id} --home {place.home}`, "
        f"or run the deployment `publish` with **release_id** `{release_id}` and **home** `{place.home}`."
    )


def _gates(evidence: Evidence) -> list[str]:
    """How many checks passed behind each stage, and what the others found."""
    columns = ["after_stage", "checks", "passed", "warnings"]
    sections = [table(("after", "checks", "passed", "warnings"), evidence.gates.select(columns).iter_rows())]
    if evidence.warnings.is_empty():
        return [*sections, "No warnings."]
    found = evidence.warnings.select("boundary", "name", "unexpected_count", "observed")
    return [*sections, table(("after", "check that warns", "rows", "found"), found.iter_rows())]


def _contamination(counts: pl.DataFrame) -> str:
    if counts.is_empty():
        return "No eligible prompt has a verdict."
    rows = (
        (kind, reference or "-", f"{prompts:,}", f"{barring:,}")
        for kind, reference, prompts, barring in counts.iter_rows()
    )
    return table(("verdict", "list or release", "prompts", "kept out"), rows)


def _cost(costs: pl.DataFrame) -> str:
    """What models cost by stage; the last row is the sum."""
    if costs.height == 1:
        return "No model was asked in this run or this month."
    rows = (
        (
            *(row[name] for name in ("stage", "model", "mode")),
            *(f"{row[name]:,}" for name in ("calls", "input_tokens", "output_tokens")),
            *(f"{row[name]:,.2f}" for name in ("usd", "month_usd")),
        )
        for row in costs.iter_rows(named=True)
    )
    header = ("stage", "model", "mode", "calls", "input tokens", "output tokens", "USD", "USD this month")
    return table(header, rows)


def _links(place: Place) -> str:
    places = {
        "The release": place.folder,
        "How it was chosen": place.folder / "CARD.md",
        "All that made it": place.folder / "manifest.json",
        "Every check": place.home / "docs" / "index.html",
        "For analysts": place.home / "analytics.duckdb",
    }
    lines = [f"- {what}: [{path}]({path.as_uri()})" for what, path in places.items()]
    return "\n".join([*lines, *[f"- Published at {place.target}/{place.folder.name}/"] * bool(place.target)])
