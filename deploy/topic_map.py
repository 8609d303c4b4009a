"""Draw a home's topic map as SVG: `python deploy/topic_map.py HOME FILE.svg`; the README shows the demo's."""

import sys
from html import escape
from pathlib import Path

import duckdb
import polars as pl

from tasks import warehouse

WIDTH, HEIGHT, MARGIN = 1000, 640, 40
LABELLED = 40
COLOURS = ("#4c78a8", "#f58518", "#54a24b", "#e45756", "#72b7b2", "#b279a2", "#9d755d", "#7f7f2a", "#d67195")


def draw(points: pl.DataFrame, topics: pl.DataFrame) -> str:
    """Draw prompts as dots in their topic's colour, and the names of the largest topics.

    Args:
        points: `topic_id`, `x`, `y`, a row a prompt.
        topics: `topic_id`, `name`, `x`, `y`, the largest first.
    """
    place = _scale(points)
    dots = [
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.6" fill="{_colour(topic)}" fill-opacity="0.6"/>'
        for topic, x, y in place(points).select("topic_id", "x", "y").iter_rows()
    ]
    labels = [
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="middle" fill="{_colour(topic)}">{escape(name)}</text>'
        for topic, name, x, y in _uncrowded(place(topics)).select("topic_id", "name", "x", "y").iter_rows()
    ]
    style = "text{font:600 11px sans-serif;paint-order:stroke;stroke:#fff;stroke-width:3px}"
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}"><style>{style}</style>'
    return "\n".join(
        [head, f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>', *dots, *labels, "</svg>\n"]
    )


def _scale(points: pl.DataFrame):  # noqa: ANN202  (a closure over two ranges)
    low, high = points.select(pl.min("x", "y")).row(0), points.select(pl.max("x", "y")).row(0)

    def place(frame: pl.DataFrame) -> pl.DataFrame:
        x = MARGIN + (pl.col("x") - low[0]) / (high[0] - low[0]) * (WIDTH - 2 * MARGIN)
        y = MARGIN + (pl.col("y") - low[1]) / (high[1] - low[1]) * (HEIGHT - 2 * MARGIN)
        return frame.with_columns(x=x, y=y)

    return place


def _uncrowded(placed: pl.DataFrame) -> pl.DataFrame:
    """Leave out each label that would cover one of a larger topic."""
    kept: list[tuple[int, str, float, float]] = []
    for row in placed.select("topic_id", "name", "x", "y").iter_rows():
        half = _half_width(row[1])
        if all(abs(row[3] - y) > 13 or abs(row[2] - x) > half + _half_width(name) for _, name, x, y in kept):
            kept.append(row)
    return pl.DataFrame(kept[:LABELLED], schema=["topic_id", "name", "x", "y"], orient="row")


def _half_width(label: str) -> float:
    return 3.0 * len(label)


def _colour(topic: int | None) -> str:
    return "#c8c8c8" if topic is None else COLOURS[topic % len(COLOURS)]


def main() -> None:
    """Read the last taxonomy of a home's analytics.duckdb and write the picture."""
    if len(sys.argv) != 3:
        sys.exit("usage: python deploy/topic_map.py HOME FILE.svg")
    home, target = sys.argv[1:]
    with duckdb.connect(f"{home}/analytics.duckdb", read_only=True) as con:
        taxonomy = {"taxonomy_id": warehouse.run(con, "show/latest_taxonomy").item()}
        points = warehouse.run(con, "show/map_points", taxonomy)
        topics = warehouse.run(con, "show/map_topics", taxonomy)
    Path(target).write_text(draw(points, topics), encoding="utf-8")


if __name__ == "__main__":
    main()
