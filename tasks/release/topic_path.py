"""Where a topic stands in the tree: the names from the root's children down to the topic."""

import polars as pl

# Deeper levels of a binary tree tell a reader nothing.
MAX_DEPTH = 4


def topic_paths(tree: pl.DataFrame) -> dict[int, list[str]]:
    """The path of each topic: at most three inner nodes from the top, then the topic itself.

    Args:
        tree: `node_id`, `parent_id`, `topic_id`, `name`.
    """
    nodes = {row["node_id"]: row for row in tree.iter_rows(named=True)}
    return {row["topic_id"]: _path(nodes, row) for row in nodes.values() if row["topic_id"] is not None}


def _path(nodes: dict[int, dict[str, object]], leaf: dict[str, object]) -> list[str]:
    names: list[str] = []
    node = leaf
    while node["parent_id"] is not None:
        node = nodes[int(str(node["parent_id"]))]
        names.append(str(node["name"]))
    # The root is every topic's, so it is left out.
    return [*names[-2::-1][: MAX_DEPTH - 1], str(leaf["name"])]
