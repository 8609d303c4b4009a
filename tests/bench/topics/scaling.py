"""How time and memory of the stage grow with the number of prompts."""

import json
import math
import shutil
from pathlib import Path
from typing import Any, Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from tests.bench.topics import measure
from tests.bench.topics.contenders import FOUND

Row = dict[str, Any]
SIZES: Final = [25_000, 50_000, 100_000, 200_000, 400_000, 800_000]
LIMIT_MB: Final = 4_000
_WARM_UP_ROWS: Final = 5_000


def measure_all(corpus: Path, work: Path, result: Path, sizes: list[int], about: Row) -> None:
    """Run the stage at each size, print it and write topics_scaling.json and topics_scaling.png.

    The report is written anew after each size, so that an interrupted run leaves what it measured.

    Args:
        corpus: a folder of `corpus.write_corpus`; see `homes.write_home` for how it gets another size.
        work: where the homes are made, each removed when it was measured.
        result: where the report goes.
        sizes: in any order.
        about: what the report says of the machine and the corpus.
    """
    rows: list[Row] = []
    _run(corpus, work / "home-warm-up", _WARM_UP_ROWS)  # libraries are in the page cache then
    for size in sorted(sizes):
        rows.append(_run(corpus, work / f"home-{size}", size))
        found = rows[-1]
        print(
            f"{size:>10,} rows{found['seconds']:>9.1f} s{found['cpu_seconds']:>9.1f} CPU s"
            f"{found['peak_mb']:>8,} MB{found['topics']:>8,} topics",
            flush=True,
        )
        write(result, about, rows)


def _run(corpus: Path, home: Path, size: int) -> Row:
    measure.run("homes", corpus, home, size)
    found = measure.run("contenders", "evergreen", home)
    topics = json.loads((home / FOUND).read_text(encoding="utf-8"))["rows"]
    shutil.rmtree(home)
    return {"size": size, **found, "topics": topics}


def write(folder: Path, about: Row, rows: list[Row]) -> None:
    """Write topics_scaling.json and, from the second size on, topics_scaling.png; print the exponents."""
    growth = {key: exponents(rows, key) for key in ("seconds", "cpu_seconds", "peak_mb")} if rows[1:] else {}
    report = {**about, "limit_mb": LIMIT_MB, "growth": growth, "results": rows}
    (folder / "topics_scaling.json").write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    if growth:
        plot(folder / "topics_scaling.png", about, rows, growth)
        print(f"{'':>10}  exponents of n log n: {json.dumps(growth)}")


def exponents(rows: list[Row], key: str) -> dict[str, float]:
    """The exponent e of cost = a (n log n)^e: over all sizes, and the greatest between two sizes in turn.

    At 1 or below, cost grows no worse than n log n. What every process pays (imports, compilation) makes the
    first one small; the second one shows what the first hides.
    """
    sizes, costs = np.log([work(row["size"]) for row in rows]), np.log([row[key] for row in rows])
    steps = np.diff(costs) / np.diff(sizes)
    return {"all": round(float(np.polyfit(sizes, costs, 1)[0]), 2), "steepest": round(float(steps.max()), 2)}


def work(size: int) -> float:
    """n log n."""
    return size * math.log(size)


def plot(path: Path, about: Row, rows: list[Row], growth: dict[str, dict[str, float]]) -> None:
    """Seconds and memory, log-log, each beside a line of n log n through its last point."""
    figure = Figure(figsize=(12, 5.5), layout="constrained")
    canvas = FigureCanvasAgg(figure)
    seconds, memory = figure.subplots(1, 2)
    _curve(seconds, rows, "seconds", growth)
    _curve(memory, rows, "peak_mb", growth)
    memory.axhline(LIMIT_MB, color="#c53030", linestyle=":", label=f"limit {LIMIT_MB:,} MB")
    seconds.set_title("seconds, whole process")
    memory.set_title("peak memory, MB")
    for axes in (seconds, memory):
        axes.legend(frameon=False)
    figure.suptitle(f"Topics of {rows[0]['size']:,} to {rows[-1]['size']:,} prompts, {about['date']}")
    canvas.print_png(path)


def _curve(axes: Axes, rows: list[Row], key: str, growth: dict[str, dict[str, float]]) -> None:
    sizes, costs = [row["size"] for row in rows], [row[key] for row in rows]
    ideal = [costs[-1] * work(size) / work(sizes[-1]) for size in sizes]
    fitted = growth[key]
    label = f"measured: (n log n)^{fitted['all']:.2f}, steepest {fitted['steepest']:.2f}"
    axes.loglog(sizes, costs, "o-", color="#2f855a", label=label)
    axes.loglog(sizes, ideal, "--", color="#9aa5b1", label="n log n")
    for size, cost in zip(sizes, costs, strict=True):
        axes.annotate(
            f"{cost:,.0f}", (size, cost), (0, 8), textcoords="offset points", ha="center", fontsize=9
        )
    axes.set_xticks(sizes, [f"{size / 1e6:g}M" if size >= 1e6 else f"{size // 1000}k" for size in sizes])
    axes.margins(y=0.15)
    axes.minorticks_off()
    axes.set_xlabel("prompts")
    axes.grid(alpha=0.3)
