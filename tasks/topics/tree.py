"""A hierarchy over topics: Ward linkage of their centroids and words, cut into domains."""

import heapq
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.cluster.hierarchy import linkage
from scipy.sparse import csr_matrix

from tasks.topics.node_names import Interval, name_nodes
from tasks.topics.words import Words, best_of_each
from tasks.vectors.components import places
from tasks.vectors.grid import Vectors, rows_to_grid, to_grid

# How much vectors count beside words, and the dimensions that are kept of both. In the full space nearly all
# topics are equally far apart, and Ward gives one domain 60 % of the prompts; so do words alone.
_VECTORS_WEIGHT: Final = 3
_DIMENSIONS: Final = 15
_TOPIC_WORDS: Final = 50
_ROWS_AT_ONCE: Final = 512

Matrix = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Node:
    """A node of the tree. Nodes 0 to t-1 are the t topics, in order; the last node is the root.

    `distance` is Ward's, at which its two children join; 0 for a topic.
    """

    node_id: int
    parent_id: int | None
    topic_id: int | None
    name: str
    distance: float
    topic_count: int


def build_tree(centroids: Vectors, words: Words, topic_ids: Sequence[int]) -> list[Node]:
    """Join topics pair by pair until one node is left: 2t-1 nodes for t topics.

    Args:
        centroids: shape (t, dimensions), on the grid.
        words: c-TF-IDF weights and names of the t topics.
        topic_ids: their ids.
    """
    count = len(centroids)
    best = best_of_each(words.weights, _TOPIC_WORDS)
    joins = _join(centroids, best)
    parents = {int(child): count + row for row, join in enumerate(joins) for child in join[:2]}
    names = [*words.names, *_inner_names(joins, words)]
    nodes = [(0.0, 1)] * count + [(float(distance), int(size)) for _, _, distance, size in joins]
    return [
        Node(
            node_id,
            parents.get(node_id),
            topic_ids[node_id] if node_id < count else None,
            names[node_id],
            distance,
            size,
        )
        for node_id, (distance, size) in enumerate(nodes)
    ]


def domains(nodes: Sequence[Node], count: int) -> list[int]:
    """Cut the tree: the widest node is split until there are `count` of them, or all are topics.

    Returns:
        Of each topic, in order, the id of the node that is its domain.
    """
    children: dict[int, list[int]] = {}
    for node in nodes:
        if node.parent_id is not None:
            children.setdefault(node.parent_id, []).append(node.node_id)
    widest = [(-nodes[-1].distance, -nodes[-1].node_id)]
    while len(widest) < count and -widest[0][1] in children:
        _, split = heapq.heappop(widest)
        for child in children[-split]:
            heapq.heappush(widest, (-nodes[child].distance, -child))
    cut = {-node_id for _, node_id in widest}
    own: dict[int, int] = {}
    for node in reversed(nodes):  # a parent has a greater id than its children
        own[node.node_id] = node.node_id if node.node_id in cut else own.get(node.parent_id or -1, -1)
    return [own[node.node_id] for node in nodes if node.topic_id is not None]


def _join(centroids: Vectors, words: csr_matrix) -> Matrix:
    """Ward's joins of topics, as SciPy writes them: two nodes, their distance, and the topics below."""
    if len(centroids) < 2:
        return np.empty((0, 4))
    return np.asarray(linkage(_places(centroids, words).astype(np.float64), "ward"), dtype=np.float64)


def _places(centroids: Vectors, words: csr_matrix) -> Vectors:
    """Topics in the few dimensions in which they differ most by vector and words, each of length 1.

    Returns:
        Shape (t, up to 15), on the grid.
    """
    unit = rows_to_grid(words)
    alike = np.multiply(centroids @ centroids.T, _VECTORS_WEIGHT, dtype=np.float64)
    for start in range(0, len(alike), _ROWS_AT_ONCE):
        alike[start : start + _ROWS_AT_ONCE] += (unit[start : start + _ROWS_AT_ONCE] @ unit.T).toarray()
    return to_grid(places(alike, min(_DIMENSIONS, len(alike))))


def _inner_names(joins: Matrix, words: Words) -> list[str]:
    """Names of the inner nodes, in the order of the joins."""
    best = words.scores
    count = best.shape[0]
    spans = _spans(joins, count)
    order = np.empty(count, dtype=np.int64)
    for topic in range(count):
        order[spans[topic][0]] = topic
    largest = np.zeros(count)
    rows = np.repeat(np.arange(count), np.diff(best.indptr))
    np.maximum.at(largest, rows, best.data)
    presence = csr_matrix((np.sqrt(best.data / largest[rows]), best.indices, best.indptr), shape=best.shape)
    pairs = [(spans[int(left)], spans[int(right)]) for left, right, *_ in joins]
    return name_nodes(presence[order], words.vocabulary, pairs, words.names)


def _spans(joins: Matrix, count: int) -> list[Interval]:
    """Of each node, the places of the topics below it in the order of the tree, as (start, stop)."""
    spans: list[Interval] = [(0, 1)] * count + [(0, int(join[3])) for join in joins]
    for row in reversed(range(len(joins))):
        left, right = (int(child) for child in joins[row, :2])
        start, stop = spans[count + row]
        middle = start + spans[left][1] - spans[left][0]
        spans[left], spans[right] = (start, middle), (middle, stop)
    return spans
