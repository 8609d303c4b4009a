"""Draw a home's topic map as SVG: `python deploy/topic_map.py HOME FILE.svg`; the README shows the demo's."""

import sys

import duckdb
from matplotlib import rc_context

from tasks import warehouse
from tasks.topics.pictures.topic_map import draw_map
from tasks.topics.pictures.write import read_map

# Text stays text, and the same map gives the same file.
STYLE = {"svg.fonttype": "none", "svg.hashsalt": "evergreen"}


def main() -> None:
    """Read the last taxonomy of a home's analytics.duckdb and write the picture."""
    if len(sys.argv) != 3:
        sys.exit("usage: python deploy/topic_map.py HOME FILE.svg")
    home, target = sys.argv[1:]
    with duckdb.connect(f"{home}/analytics.duckdb", read_only=True) as con:
        shown = read_map(con, warehouse.run(con, "show/latest_taxonomy").item())
    figure, _ = draw_map(shown)
    with rc_context(STYLE):
        figure.savefig(target, format="svg", metadata={"Date": None})


if __name__ == "__main__":
    main()
