"""A hierarchy over topics: Ward linkage of their centroids, inner nodes named by their topics' words."""

from dataclasses import dataclass, replace

import numpy as np
from scipy.cluster.hierarchy import linkage

from tasks.embed.embedder import Vectors
from tasks.topics.words import Words, best_words


@dataclass(frozen=True, slots=True)
class Node:
    """A node of the tree. Nodes 0 to t-1 are the t topics; the last node is the root.

    `distance` is Ward's, at which its two children join (average linkage chains single topics); 0 for a
    topic.
    """

    node_id: int
    parent_id: int | None
    topic_id: int | None
    name: str
    distance: float
    topic_count: int


def build_tree(centroids: Vectors, words: Words) -> list[Node]:
    """Join topics pair by pair until one node is left: 2t-1 nodes for t topics.

    Args:
        centroids: shape (t, dimensions).
        words: c-TF-IDF weights and names of the t topics.
    """
    count = len(centroids)
    joins = linkage(centroids, "ward") if count > 1 else np.empty((0, 4))
    parents: dict[int, int] = {}
    weights = dict(enumerate(words.weights))
    inner: list[Node] = []
    for node_id, (left, right, distance, size) in enumerate(joins, start=count):
        children = (int(left), int(right))
        parents.update(dict.fromkeys(children, node_id))
        weights[node_id] = weights.pop(children[0]) + weights.pop(children[1])
        name = ", ".join(best_words(weights[node_id], words.vocabulary, 4)[0]) or f"topics ({node_id})"
        inner.append(Node(node_id, None, None, name, float(distance), int(size)))
    leaves = [Node(topic, None, topic, name, 0.0, 1) for topic, name in enumerate(words.names)]
    return [replace(node, parent_id=parents.get(node.node_id)) for node in leaves + inner]
