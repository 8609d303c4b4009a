"""What `evergreen topics` prints: the topics of a taxonomy, and what a maintainer should look at."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import polars as pl
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from tasks import warehouse
from tasks.errors import InputError

_PAIRS_SHOWN: Final = 20
_EXAMPLE_CHARS: Final = 300


@dataclass(frozen=True)
class TopicsReport:
    """The rows of `sql/queries/show/topic_*.sql` for a taxonomy; `drift` is empty where nobody looked yet."""

    taxonomy: dict[str, Any]
    places: pl.DataFrame
    domains: pl.DataFrame
    topics: pl.DataFrame
    pairs: pl.DataFrame
    drift: pl.DataFrame
    trends: pl.DataFrame

    def as_json(self, examples: int) -> dict[str, Any]:
        """All of it, with that many example prompts of each topic."""
        tables = {
            name: getattr(self, name).to_dicts() for name in ("places", "domains", "pairs", "drift", "trends")
        }
        cut = pl.col("examples").list.head(examples) if examples else pl.lit(None)
        topics = self.topics.with_columns(examples=cut)
        return {**self.taxonomy, **tables, "topics": topics.to_dicts()}


def read_topics(home: str, taxonomy_id: str) -> TopicsReport:
    """Read what is known of a taxonomy from the home's `analytics.duckdb`; the last fit if the id is empty.

    Raises:
        InputError: nothing has run there yet, or there is no such taxonomy.
    """
    with warehouse.analytics(home) as con:
        taxonomy = warehouse.run(con, "show/topic_taxonomy", {"taxonomy_id": taxonomy_id})
        if taxonomy.is_empty():
            known = f"no taxonomy {taxonomy_id}: leave --taxonomy out for the last one"
            raise InputError(f"--home {home}: {known if taxonomy_id else 'no topics were found there yet'}")
        key = {"taxonomy_id": taxonomy["taxonomy_id"].item()}
        drift = warehouse.run(con, "show/topic_drift", key)
        looked_by = drift["run_id"].item() if drift.height else ""
        return TopicsReport(
            taxonomy=taxonomy.to_dicts()[0],
            places=warehouse.run(con, "show/topic_places", key),
            domains=warehouse.run(con, "show/topic_domains", key),
            topics=warehouse.run(con, "show/topic_table", key),
            pairs=warehouse.run(con, "show/topic_pairs", key),
            drift=drift,
            trends=warehouse.run(con, "show/topic_trends", {**key, "run_id": looked_by}),
        )


def draw_topics(home: str, taxonomy_id: str, folder: str) -> list[str]:
    """Write the pictures of a taxonomy into a folder, which is made if need be.

    Returns:
        Their paths.

    Raises:
        InputError: the folder can't be written to.
    """
    from tasks.topics.pictures.write import write_pictures  # noqa: PLC0415  (drawing libraries take seconds)

    try:
        with warehouse.analytics(home) as con:
            return [str(path) for path in write_pictures(con, taxonomy_id, Path(folder))]
    except OSError as error:
        raise InputError(f"--pictures {folder}: cannot be written: {error.strerror}") from error


def print_topics(report: TopicsReport, limit: int, examples: int) -> None:
    """Print a taxonomy: domains, the largest topics, near-identical ones, catch-alls and drift.

    Args:
        report: what `read_topics` found.
        limit: topics to print.
        examples: example prompts to print of each of these.
    """
    console = Console()
    console.print(_head(report), soft_wrap=True, highlight=False, markup=False)
    if report.domains.height:
        console.print(_domains(report.domains))
    console.print(_topics(report, limit))
    for row in report.topics.head(limit if examples else 0).iter_rows(named=True):
        console.rule(Text(f"{row['topic_id']} · ").append(_plain(row["name"])), align="left")
        for text in row["examples"][:examples]:
            console.print(Text("- ").append(_plain(text, _EXAMPLE_CHARS)))
    if report.pairs.height:
        console.print(_pairs(report.pairs))
    if report.topics["is_catch_all"].any():
        console.print(_catch_alls(report.topics), soft_wrap=True, highlight=False, markup=False)
    for row in report.drift.iter_rows(named=True):
        console.print(_drift(row), soft_wrap=True, highlight=False, markup=False)
    if report.trends.height:
        console.print(_trends(report.trends, limit))


def _head(report: TopicsReport) -> str:
    """Two lines: which taxonomy, and how its prompts came to their topics."""
    taxonomy = report.taxonomy
    fitted_at, fitted_count = taxonomy["fitted_at"], taxonomy["fitted_count"]
    when = "" if fitted_at is None else f", fitted {fitted_at} UTC"
    seen = "" if fitted_count is None else f" on {fitted_count:,} prompts"
    places = ", ".join(f"{row['assigned_by']} {row['share']:.1%}" for row in report.places.to_dicts())
    return (
        f"Taxonomy {taxonomy['taxonomy_id']} of {taxonomy['embedder']}{when}{seen}\n"
        f"{taxonomy['topic_count'] or 0:,} topics of {taxonomy['placed_count'] or 0:,} prompts: {places}"
    )


def _domains(domains: pl.DataFrame) -> Table:
    table = _table("Domains", "topics", "prompts", "share", "mean score", "chosen", last="domain")
    for row in domains.iter_rows(named=True):
        counts = (_count(row["topics"]), _count(row["prompts"]), _share(row["share"]))
        table.add_row(*counts, _decimal(row["mean_score"]), _count(row["chosen"]), _plain(row["name"]))
    return table


def _topics(report: TopicsReport, limit: int) -> Table:
    """The largest topics; `passing` is the share of annotated prompts that reach the score asked for."""
    # Short, so that names have room on a terminal of 80 columns.
    names = ("topic", "size", "NPMI", "tight", "score", "pass", "chosen")
    table = _table("Topics", *names, last="name")
    trends = dict(report.trends.select("topic_id", "trend").iter_rows())
    for row in report.topics.head(limit).iter_rows(named=True):
        values = (
            *(_decimal(row[name]) for name in ("coherence", "tightness", "mean_score")),
            _share(row["passing_share"]),
            _count(row["chosen"]),
        )
        flags = [
            *(["catch-all"] if row["is_catch_all"] else []),
            *(["near-identical"] if row["is_near_identical"] else []),
            *([trends[row["topic_id"]]] if row["topic_id"] in trends else []),
        ]
        cells = (str(row["topic_id"]), _count(row["size"]), *values)
        name = _plain(row["name"]).append("".join(f" [{flag}]" for flag in flags), "bold")
        table.add_row(*cells, name)
    if report.topics.height > limit:
        table.caption = f"… and {report.topics.height - limit:,} smaller ones"
    return table


def _pairs(pairs: pl.DataFrame) -> Table:
    table = _table("Nearly the same", "similarity", last="topic")
    table.add_column("other topic", overflow="fold")
    for row in pairs.head(_PAIRS_SHOWN).iter_rows(named=True):
        one, other = (
            Text(f"{row[f'{which}_id']} · ").append(_plain(row[which])) for which in ("topic", "other_topic")
        )
        table.add_row(_decimal(row["similarity"]), one, other)
    if pairs.height > _PAIRS_SHOWN:
        table.caption = f"… and {pairs.height - _PAIRS_SHOWN:,} more"
    return table


def _catch_alls(topics: pl.DataFrame) -> str:
    """What they hold, and which they are."""
    caught = topics.filter("is_catch_all")
    share = int(caught["size"].sum()) / int(topics["size"].sum())
    ids = ", ".join(map(str, caught["topic_id"].head(_PAIRS_SHOWN)))
    more = ", …" if caught.height > _PAIRS_SHOWN else ""
    return (
        f"\nCatch-alls (large, loose and incoherent), with {share:.1%} of the prompts that have a topic: "
        f"{ids}{more}"
    )


def _drift(row: dict[str, Any]) -> str:
    advice = "refit recommended" if row["is_refit_recommended"] else "no refit needed"
    return (
        f"\nDrift: {advice} ({row['reason']}); {row['assigned_count']:,} prompts came since the fit, "
        f"{row['assigned_none_share']:.1%} of them are too far from every topic"
    )


def _trends(trends: pl.DataFrame, limit: int) -> Table:
    table = _table("Growing and shrinking topics", "topic", "trend", "share then", "share since", last="name")
    for row in trends.head(limit).iter_rows(named=True):
        shares = (_share(row["fitted_share"]), _share(row["assigned_share"]))
        table.add_row(str(row["topic_id"]), row["trend"], *shares, _plain(row["topic"] or ""))
    return table


def _table(title: str, *numbers: str, last: str) -> Table:
    """An empty table with columns of numbers, then one of text, which may fold."""
    table = Table(box=box.SIMPLE, title=title, title_justify="left", caption_justify="left")
    for name in numbers:
        table.add_column(name, justify="right")
    table.add_column(last, overflow="fold")
    return table


def _count(value: int | None) -> str:
    return "-" if value is None else f"{value:,}"


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.1%}"


def _decimal(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def _plain(text: str, most: int = 100) -> Text:
    """On one line, cut to `most` characters, no markup, and control characters spelled out."""
    line = " ".join(text.split())
    cut = line if len(line) <= most else f"{line[:most].rstrip()} …"
    return Text("".join(char if char.isprintable() else ascii(char)[1:-1] for char in cut))
