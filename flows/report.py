"""What the command prints: tables on stdout for people."""

import textwrap
from typing import Any

import polars as pl
from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from tasks.calibrate.calibration import Agreement, Calibration
from tasks.estimate.forecast import MODES, Forecast, Step
from tasks.home.summary import Summary
from tasks.llm.endpoint import Mode

_NO_MODE = "\N{EN DASH}"
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
    if manifest["cost"].get("calls"):
        console.print(_cost(manifest["cost"]))
    console.print(
        f"\n{manifest['questions']} questions of {manifest['topics']} topics, "
        f"release {manifest['release_id']}:"
    )
    console.print(str(summary.folder), soft_wrap=True, highlight=False, markup=False)


def print_forecast(forecast: Forecast) -> None:
    """Print what a build would take, by stage and mode, and how each figure was found."""
    console = Console()
    total = forecast.as_json()["total"]
    work = _columns(
        f"{forecast.prompts:,} prompts", "stage", "endpoint", "calls", "input tokens", "output tokens"
    )
    price = _columns("USD and hours", "stage", "sync", "flex", "batch", "hours sync", "hours batch, up to")
    for step in forecast.steps:
        work.add_row(step.name, *(Text(cell) for cell in _forecast_work(step)))
        price.add_row(step.name, *_forecast_price(step))
    counts = (f"{total[name]:,}" for name in ("calls", "input_tokens", "output_tokens"))
    work.add_row("total", "", *counts)
    usd = "unknown" if forecast.usd is None else f"{forecast.usd:,.2f}"
    price.add_row("as set (*)", usd, "", "", f"{forecast.sync_hours:,.2f}", f"{forecast.batch_hours}")
    console.print(work)
    console.print(price)
    console.print(f"Total: {forecast.verdict}.", soft_wrap=True, highlight=False, markup=False)
    for note in forecast.notes:
        console.print(f"- {note}", soft_wrap=True, highlight=False, markup=False)


def print_calibration(calibration: Calibration) -> None:
    """Print how far each annotator agrees with the labels, and what could not be compared."""
    console = Console()
    for agreement in calibration.annotators:
        console.print(_agreement(agreement))
        scores = agreement.scores
        console.print(
            f"outcomes: {_listed(agreement.outcomes)}\n"
            f"scores of {scores.n} prompts: exact {_share(scores.exact)}, "
            f"within one {_share(scores.within_one)}, Spearman {_decimal(scores.spearman)}\n",
            highlight=False,
        )
    rejected = _listed(calibration.rejects) or "none"
    console.print(
        f"{calibration.labels}: {calibration.labelled} labelled prompts; rejected: {rejected}",
        soft_wrap=True,
        highlight=False,
        markup=False,
    )


def _columns(title: str, stage: str, *others: str) -> Table:
    table = Table(stage, box=box.SIMPLE, title=title, title_justify="left")
    for name in others:
        table.add_column(name, justify="left" if name == "endpoint" else "right")
    return table


def _forecast_work(step: Step) -> list[str]:
    if step.endpoint is None:
        return ["no model", "0", "", ""]
    counts = (step.calls, step.input_tokens, step.output_tokens)
    return [step.endpoint.name, *(f"{count:,}" for count in counts)]


def _forecast_price(step: Step) -> list[str]:
    if step.endpoint is None:
        return []
    rounds = f" ({step.batch_rounds} rounds)" if step.batch_rounds > 1 else ""
    batch_hours = _NO_MODE if step.batch_hours is None else f"{step.batch_hours}{rounds}"
    return [*(_forecast_usd(step, mode) for mode in MODES), f"{step.sync_hours:,.2f}", batch_hours]


def _forecast_usd(step: Step, mode: Mode) -> str:
    """A sum, marked if the endpoint is set to that mode; a dash where the stage has no such mode."""
    if mode not in step.modes:
        return _NO_MODE
    cost = step.usd(mode)
    return "unknown" if cost is None else f"{cost:,.2f}{' *' if mode == step.mode else ''}"


def _agreement(agreement: Agreement) -> Table:
    """An annotator's row for each criterion; shares in percent."""
    names = ("criterion", "n", "agreement", "kappa", "precision", "recall", "says yes", "labels say yes")
    table = Table(box=box.SIMPLE, title=agreement.annotator, title_justify="left")
    for place, name in enumerate(names):
        table.add_column(name, justify="left" if place == 0 else "right")
    for row in agreement.criteria:
        shares = ("precision", "recall", "annotated_share", "labelled_share")
        cells = [_share(row["agreement"]), _decimal(row["kappa"]), *(_share(row[name]) for name in shares)]
        table.add_row(row["criterion"], str(row["n"]), *cells)
    return table


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.1%}"


def _decimal(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def _listed(counts: dict[str, int]) -> str:
    return ", ".join(f"{name} {count:,}" for name, count in counts.items())


def _cost(cost: dict[str, Any]) -> Table:
    """What models cost, by stage and model."""
    title = f"Models: {cost['usd']:.2f} USD, {cost['new_usd']:.2f} of it since the last build that ended well"
    names = ("stage", "model", "mode", "calls", "input tokens", "output tokens", "USD")
    table = Table(*names, box=box.SIMPLE, title=title, title_justify="left")
    for row in cost["by_model"]:
        counts = (f"{row[name]:,}" for name in ("calls", "input_tokens", "output_tokens"))
        table.add_row(row["stage"], Text(row["model"]), row["mode"], *counts, f"{row['usd']:.2f}")
    return table


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
