"""The tree of the largest topics, pruned and laid out: what both pictures of it draw."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import polars as pl

from tasks.topics.pictures.palette import NO_TOPIC

LARGEST: Final = 64
Nodes = Mapping[int, Mapping[str, Any]]


@dataclass(frozen=True)
class Branch:
    """A node of the pruned tree, which stands at (`x`, `y`).

    `x` is the root of Ward's distance, so that small joins do not crowd; a topic's `y` is its line, another
    node's lies between those of its `children`. `topics` and `prompts` are those of the whole tree.
    `domain` is the name of the domain that it belongs to, empty above all domains.
    """

    name: str
    is_topic: bool
    topics: int
    prompts: int
    x: float
    y: float
    colour: str
    domain: str
    children: tuple[int, ...]


def lay_out(tree: pl.DataFrame, colours: Mapping[int, str]) -> dict[int, Branch]:
    """Prune the tree to its 64 largest topics; an inner node with one child left goes too.

    Args:
        tree: `node_id`, `parent_id`, `topic_id`, `name`, `distance`, `topic_count`, `size`; a child stands
            before its parent.
        colours: of the nodes that are domains.

    Returns:
        Nodes by their ids, children before parents; the last is the root.
    """
    nodes = {row["node_id"]: row for row in tree.iter_rows(named=True)}
    prompts, domains = _prompts(nodes), _domains(nodes, colours)
    kept = _pruned(nodes)
    lines = _lines(kept)
    branches: dict[int, Branch] = {}
    for node_id, children in kept.items():
        node, domain = nodes[node_id], domains[node_id]
        branches[node_id] = Branch(
            name=node["name"],
            is_topic=not children,
            topics=node["topic_count"],
            prompts=prompts[node_id],
            x=node["distance"] ** 0.5,
            y=sum(branches[child].y for child in children) / 2 if children else lines[node_id],
            colour=NO_TOPIC if domain is None else colours[domain],
            domain="" if domain is None else nodes[domain]["name"],
            children=children,
        )
    return branches


def _prompts(nodes: Nodes) -> dict[int, int]:
    """Prompts below each node."""
    counts = {node_id: node["size"] or 0 for node_id, node in nodes.items()}
    for node_id, node in nodes.items():
        if node["parent_id"] is not None:
            counts[node["parent_id"]] += counts[node_id]
    return counts


def _domains(nodes: Nodes, colours: Mapping[int, str]) -> dict[int, int | None]:
    """The domain that each node is or is below."""
    domains: dict[int, int | None] = {}
    for node_id in sorted(nodes, reverse=True):
        above = domains.get(nodes[node_id]["parent_id"])
        domains[node_id] = node_id if node_id in colours else above
    return domains


def _pruned(nodes: Nodes) -> dict[int, tuple[int, ...]]:
    """The children of each node that is kept, children first."""
    leaves = [
        (-(node["size"] or 0), node_id) for node_id, node in nodes.items() if node["topic_id"] is not None
    ]
    largest = {node_id for _, node_id in sorted(leaves)[:LARGEST]}
    below: dict[int, list[int]] = {}
    kept: dict[int, tuple[int, ...]] = {}
    for node_id, node in nodes.items():
        children = below.pop(node_id, [])
        if node_id in largest or len(children) == 2:
            kept[node_id] = tuple(children)
            children = [node_id]
        if children:
            below.setdefault(node["parent_id"], []).extend(children)
    return kept


def _lines(kept: Mapping[int, tuple[int, ...]]) -> dict[int, int]:
    """Topics from the top down, in the order of the tree."""
    lines: dict[int, int] = {}
    waiting = [max(kept)]
    while waiting:
        node_id = waiting.pop()
        if not kept[node_id]:
            lines[node_id] = len(lines)
        waiting.extend(reversed(kept[node_id]))
    return lines
