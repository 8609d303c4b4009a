"""What `evergreen release diff` prints: what came, stayed and went between two releases."""

from pathlib import Path
from typing import Final

import duckdb
import polars as pl
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from tasks import warehouse
from tasks.home.summary import Summary, summarise
from tasks.release.changes import topic_name
from tasks.release.diff import Diff, compare

_TOPICS_SHOWN: Final = 20
_UNKNOWN: Final = pl.DataFrame(schema={"prompt_id": pl.String, "reason": pl.String})


def read_diff(home: str, older: str, newer: str) -> Diff:
    """Compare two releases that are in a home, whoever made them.

    Topics are told by their ids, which stay when names change, if the home made both releases; else by name.

    Raises:
        InputError: no such release.
    """
    before, now = summarise(home, older), summarise(home, newer)
    reasons, old, new = _UNKNOWN, _prompts(before), _prompts(now)
    if (Path(home) / warehouse.ANALYTICS).is_file():  # else releases are all that it has
        with warehouse.analytics(home) as con:
            reasons = _reasons(con, newer)
            known = [
                warehouse.run(con, "release/released", {"release_id": release}) for release in (older, newer)
            ]
        if not any(prompts.is_empty() for prompts in known):
            old, new = known
    return compare((older, newer), old, new, reasons)


def _reasons(con: duckdb.DuckDBPyConnection, newer: str) -> pl.DataFrame:
    """What the selection of the run that came to a release says; nothing if it is another home's release."""
    runs = warehouse.run(con, "release/made_by", {"release_id": newer})["run_id"].to_list()
    return warehouse.run(con, "release/reasons", {"run_id": runs[0]}) if runs else _UNKNOWN


def print_diff(diff: Diff) -> None:
    """Print a comparison: counts, reasons, and how topics, scores and lengths moved."""
    console = Console()
    counts = diff.counts
    console.print(
        f"{diff.older} → {diff.newer}: {counts['came']:,} came, {counts['stayed']:,} stayed, "
        f"{counts['went']:,} went; shares of topics moved by {diff.topics_shift:.1%}",
        soft_wrap=True,
        highlight=False,
        markup=False,
    )
    if diff.reasons.height:
        rows = [[f"{count:,}", f"{change}: {reason}"] for change, reason, count in diff.reasons.iter_rows()]
        console.print(_table("Reasons", "questions", last="reason", rows=rows))
    moved = diff.topics.filter(diff.topics["shift"] != 0)
    topics = [
        [*(f"{row[name]:.1%}" for name in ("share_before", "share_now")), topic_name(row)]
        for row in moved.head(_TOPICS_SHOWN).iter_rows(named=True)
    ]
    table = _table("Topics that moved", "share before", "share now", last="topic", rows=topics)
    if moved.height > _TOPICS_SHOWN:
        table.caption = f"… and {moved.height - _TOPICS_SHOWN:,} more"
    console.print(table)
    for title, frame in (("Scores", diff.scores), ("Lengths in characters", diff.lengths)):
        cells = [[*(_number(value) for value in values), str(name)] for name, *values in frame.iter_rows()]
        console.print(_table(title, "before", "now", last=frame.columns[0], rows=cells))


def _prompts(summary: Summary) -> pl.DataFrame:
    """The questions of a release as `compare` takes them."""
    length = pl.col("prompt").str.len_chars()
    return summary.questions.select(
        "score", prompt_id="uid", topic_id="cluster", topic="cluster", length=length
    )


def _table(title: str, *numbers: str, last: str, rows: list[list[str]]) -> Table:
    table = Table(box=box.SIMPLE, title=title, title_justify="left", caption_justify="left")
    for name in numbers:
        table.add_column(name, justify="right")
    table.add_column(last, overflow="fold")
    for row in rows:
        table.add_row(*map(Text, row))
    return table


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:,.0f}"
