"""The table, JSON and plot of both contenders side by side."""

import json
from pathlib import Path
from typing import Any, Final

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

Row = dict[str, Any]
LIMIT_MB: Final = 3_000
_COLORS: Final = {"bertopic": "#9aa5b1", "evergreen": "#2f855a"}
# key, what it is, format; those of labels also have a value before outliers are moved.
_COST: Final = [
    ("seconds", "seconds, whole process", ",.1f"),
    ("cpu_seconds", "processor seconds", ",.1f"),
    ("peak_mb", "peak MB", ",d"),
    ("load_before", "load before", ".2f"),
]
_QUALITY: Final = [
    ("topics", "topics", ",d"),
    ("fitted", "prompts that the clustering saw", ",d"),
    ("noise_fitted", "of these without a cluster", ".1%"),
    ("without_topic", "of all prompts without a topic at the end", ".1%"),
    ("trustworthiness", "trustworthiness (k=15, cosine)", ".3f"),
    ("mates", "Arena-Hard: mate among the nearest 5", ".1%"),
    ("mates_vectors", "… in the vectors themselves", ".1%"),
    ("npmi", "NPMI, each one's own words", ".3f"),
    ("npmi_topics", "… topics with ten of these", ",d"),
    ("npmi_same_words", "NPMI, words chosen the same way", ".3f"),
    ("npmi_same_words_topics", "… topics with ten of these", ",d"),
]
_LABELS: Final = [
    ("ami_narrow", "AMI, narrow labels", ".3f"),
    ("ami_broad", "AMI, broad labels", ".3f"),
    ("nmi_narrow", "NMI, narrow labels", ".3f"),
    ("nmi_broad", "NMI, broad labels", ".3f"),
    ("ari_narrow", "adjusted Rand, narrow labels", ".3f"),
    ("ari_broad", "adjusted Rand, broad labels", ".3f"),
]
_PLACED: Final = [(f"{key}_placed", name, form) for key, name, form in _LABELS]
_PLACED_SHARE: Final = ("labels_placed", "share of labelled prompts with a topic", ".1%")


def write(folder: Path, about: Row, results: list[Row]) -> None:
    """Print the table; write topics.json and topics.png.

    Args:
        folder: where to.
        about: of the machine and the corpus.
        results: of bertopic and evergreen.
    """
    rival, own = results
    about = about | {"times_as_fast": round(rival["seconds"] / own["seconds"], 1)}
    text = json.dumps({**about, "results": results}, indent=1, ensure_ascii=False)
    (folder / "topics.json").write_text(text + "\n", encoding="utf-8")
    plot(folder / "topics.png", about, results)
    show(about, results)


def show(about: Row, results: list[Row]) -> None:
    """Print the table that README.md holds."""
    columns = [*results, results[1]["core"]]
    machine = f"{about['cpu']}, {about['cores']} cores, {about['memory_gb']} GB"
    print(f"\n{about['date']}, {machine}, load {about['load']}")
    versions = ", ".join(f"{name} {number}" for name, number in about["libraries"].items())
    print(f"Python {about['python']}, {versions}")
    print(f"{about['rows']:,} rows, copies by {about['copies']}\n")
    print(_line("", "bertopic", "evergreen", "evergreen, HDBSCAN's only"))
    _section("", _COST + _QUALITY, columns)
    _section("prompts without a topic are a topic of their own", _LABELS, columns)
    _section("prompts without a topic are left out", [_PLACED_SHARE, *_PLACED], columns)
    print(f"\nevergreen is {about['times_as_fast']} times as fast as bertopic.")


def _section(title: str, lines: list[tuple[str, str, str]], columns: list[Row]) -> None:
    if title:
        print(f"\n{title}:")
    for key, name, form in lines:
        print(_line(name, *(_cell(column.get(key), form) for column in columns)))


def _line(name: str, *cells: str) -> str:
    return f"{name:<44}" + "".join(
        f"{cell:>{width}}" for cell, width in zip(cells, (12, 12, 28), strict=True)
    )


def _cell(value: float | None, form: str) -> str:
    return "-" if value is None else format(value, form)


def plot(path: Path, about: Row, results: list[Row]) -> None:
    """Bars of seconds, memory and quality."""
    figure = Figure(figsize=(18, 8.5), layout="constrained")
    canvas = FigureCanvasAgg(figure)
    grid = figure.add_gridspec(2, 4, height_ratios=[1, 1.5])
    _cost(figure.add_subplot(grid[0, :2]), "seconds, whole process", results, "seconds", None)
    _cost(figure.add_subplot(grid[0, 2:]), "peak memory, MB", results, "peak_mb", LIMIT_MB)
    bars = [
        ("trustworthiness", "trust-\nworthiness"),
        ("mates", "mate\nin 5"),
        ("npmi", "NPMI\nown words"),
        ("npmi_same_words", "NPMI\nsame way"),
        ("ami_narrow", "AMI\nnarrow"),
        ("ami_broad", "AMI\nbroad"),
        ("nmi_narrow", "NMI\nnarrow"),
        ("nmi_broad", "NMI\nbroad"),
        ("ari_narrow", "Rand\nnarrow"),
        ("ari_broad", "Rand\nbroad"),
        ("ami_narrow_placed", "AMI\nnarrow,\nplaced only"),
        ("ami_broad_placed", "AMI\nbroad,\nplaced only"),
        ("nmi_narrow_placed", "NMI\nnarrow,\nplaced only"),
        ("nmi_broad_placed", "NMI\nbroad,\nplaced only"),
        ("ari_narrow_placed", "Rand\nnarrow,\nplaced only"),
        ("ari_broad_placed", "Rand\nbroad,\nplaced only"),
        ("noise_fitted", "noise\n(less is\nbetter)"),
        ("without_topic", "no topic\n(less is\nbetter)"),
    ]
    _grouped(figure.add_subplot(grid[1, :]), bars, results)
    figure.suptitle(
        f"Topics of {about['rows']:,} prompts: {about['times_as_fast']} times as fast as BERTopic()\n"
        f"{about['date']}, {about['cores']} cores, copies by {about['copies']}"
    )
    canvas.print_png(path)


def _cost(axes: Axes, title: str, results: list[Row], key: str, limit: int | None) -> None:
    names = [row["contender"] for row in results]
    bars = axes.barh(names, [row[key] for row in results], color=[_COLORS[name] for name in names])
    axes.bar_label(bars, labels=[f" {row[key]:,.0f}" for row in results])
    if limit:
        axes.axvline(limit, color="#c53030", linestyle="--")
        axes.text(limit, -0.62, f"limit {limit:,}", color="#c53030", ha="center")
    axes.set_title(title, pad=18)
    axes.margins(x=0.15)
    axes.set_ylim(1.5, -0.5)
    axes.spines[["top", "right"]].set_visible(False)


def _grouped(axes: Axes, bars: list[tuple[str, str]], results: list[Row]) -> None:
    for shift, row in zip((-0.2, 0.2), results, strict=True):
        values = [row[key] or 0 for key, _ in bars]
        places = [number + shift for number in range(len(bars))]
        drawn = axes.bar(places, values, 0.38, color=_COLORS[row["contender"]], label=row["contender"])
        axes.bar_label(drawn, fmt="%.2f", fontsize=8, padding=2)
    axes.set_xticks(range(len(bars)), [name for _, name in bars])
    axes.set_title("quality")
    axes.margins(y=0.15)
    axes.axhline(0, color="black", linewidth=0.5)
    axes.legend(frameon=False)
    axes.spines[["top", "right"]].set_visible(False)
