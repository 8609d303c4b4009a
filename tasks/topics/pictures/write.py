"""Writes the pictures of a taxonomy into a folder."""

import warnings
from pathlib import Path

import duckdb

from tasks import warehouse
from tasks.errors import InputError
from tasks.topics.pictures.branches import lay_out
from tasks.topics.pictures.dendrogram import draw_dendrogram
from tasks.topics.pictures.dendrogram_page import dendrogram_page
from tasks.topics.pictures.map_page import map_page
from tasks.topics.pictures.topic_map import TopicMap, draw_map


def read_map(con: duckdb.DuckDBPyConnection, taxonomy_id: str) -> TopicMap:
    """What the map of a taxonomy shows.

    Raises:
        InputError: there is no such taxonomy.
    """
    key = {"taxonomy_id": taxonomy_id}
    points, topics, domains = (
        warehouse.run(con, f"show/{name}", key) for name in ("map_points", "map_topics", "domains")
    )
    if topics.is_empty():
        raise InputError(f"there is no taxonomy {taxonomy_id} here to draw: run evergreen build first")
    return TopicMap(points, topics, domains)


def write_pictures(con: duckdb.DuckDBPyConnection, taxonomy_id: str, folder: Path) -> list[Path]:
    """Write the map of all prompts and the tree of the 64 largest topics, each as HTML and PNG.

    Args:
        con: on a home's analytics.duckdb or its warehouse.
        taxonomy_id: the taxonomy.
        folder: made if it is not there; files of the same names are replaced.

    Returns:
        The paths of the pictures.

    Raises:
        InputError: there is no such taxonomy.
    """
    shown = read_map(con, taxonomy_id)
    branches = lay_out(warehouse.run(con, "show/tree", {"taxonomy_id": taxonomy_id}), shown.colours)
    folder.mkdir(parents=True, exist_ok=True)
    paths = {
        name: folder / name
        for name in ("topic_map.png", "topic_map.html", "topic_tree.png", "topic_tree.html")
    }
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing")  # a script that the font has not
        figure, labels = draw_map(shown)
        figure.savefig(paths["topic_map.png"])
        tree, names = draw_dendrogram(branches)
        tree.savefig(paths["topic_tree.png"])
    paths["topic_map.html"].write_text(map_page(shown, labels), encoding="utf-8")
    paths["topic_tree.html"].write_text(dendrogram_page(branches, names), encoding="utf-8")
    return list(paths.values())
