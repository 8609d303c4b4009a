"""What the command prints: tables on stdout for people."""

import textwrap

import duckdb
import polars as pl
from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from tasks import warehouse
from tasks.errors import InputError
from tasks.home.summary import Summary

_TOPICS_SHOWN = 30
_PROMPT_CHARS = 600


def print_summary(summary: Summary, prompts: int) -> None:
    """Print where a release is, its funnel, its topics and some prompts."""
    console = Console()
    manifest = summary.manifest
    console.print(_funnel(manifest["funnel"]))
    console.print(_topics(summary.questions))
    for row in (
        summary.questions.sort("score", "uid", descending=[True, False]).head(prompts).iter_rows(named=True)
    ):
        console.rule(f"[bold]{escape(row['cluster'])}[/] · {row['score']} of 7", align="left")
        console.print(
            textwrap.shorten(row["prompt"], _PROMPT_CHARS, placeholder=" …"), markup=False, highlight=False
        )
    console.print(
        f"\n{manifest['questions']} questions of {manifest['topics']} topics, "
        f"release {manifest['release_id']}:"
    )
    console.print(str(summary.folder), soft_wrap=True, highlight=False, markup=False)


def print_runs(home: str) -> None:
    """Print the last runs of a home, newest first.

    Raises:
        InputError: nothing has run there yet.
    """
    path = f"{home}/{warehouse.ANALYTICS}"
    try:
        con = duckdb.connect(path, read_only=True)
    except duckdb.IOException as error:
        raise InputError(f"--home {home}: no run has ended there yet") from error
    with con:
        runs = warehouse.run(con, "show/runs")
    table = Table("started", "flow", "state", "seconds", "release", "error", box=box.SIMPLE)
    for row in runs.iter_rows():
        table.add_row(*(Text("" if cell is None else str(cell)) for cell in row))
    Console().print(table)


def _funnel(funnel: list[dict[str, object]]) -> Table:
    """The funnel: what each stage got and kept, and why it dropped the rest."""
    table = Table("stage", "rows in", "kept", "dropped", box=box.SIMPLE, title="Funnel", title_justify="left")
    stages = dict.fromkeys(str(row["stage"]) for row in funnel)
    for stage in stages:
        rows = {str(row["reason"]): int(str(row["rows"])) for row in funnel if row["stage"] == stage}
        kept = rows.pop("kept", 0)
        dropped = ", ".join(f"{reason} {count:,}" for reason, count in rows.items())
        table.add_row(stage, f"{kept + sum(rows.values()):,}", f"{kept:,}", dropped)
    return table


def _topics(questions: pl.DataFrame) -> Table:
    """The topics of a test set, the largest first."""
    counted = questions.group_by("cluster").agg(pl.len().alias("questions"), pl.col("score").mean())
    table = Table("topic", "questions", "mean score", box=box.SIMPLE, title="Topics", title_justify="left")
    for name, count, score in (
        counted.sort("questions", "cluster", descending=[True, False]).head(_TOPICS_SHOWN).iter_rows()
    ):
        table.add_row(Text(name), str(count), f"{score:.1f}")
    if counted.height > _TOPICS_SHOWN:
        table.add_row(f"… and {counted.height - _TOPICS_SHOWN} more", "", "")
    return table
