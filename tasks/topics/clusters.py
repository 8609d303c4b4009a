"""From vectors to clusters: a sample is fitted (PCA, UMAP, HDBSCAN), all others are placed beside it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
from hdbscan._hdbscan_boruvka import KDTreeBoruvkaAlgorithm
from hdbscan._hdbscan_linkage import label
from hdbscan._hdbscan_tree import compute_stability, condense_tree, get_clusters
from numpy.typing import NDArray
from sklearn.neighbors import KDTree

from tasks.settings import TopicsSettings
from tasks.topics.assign import NONE, nearest
from tasks.vectors.components import principal_scores
from tasks.vectors.grid import Floats, Vectors, cosines, to_grid
from tasks.vectors.search import Positions, search

# Below this UMAP's neighbour graph is the complete graph, and its layout says nothing.
_SMALLEST_LAYOUT: Final = 20
# HDBSCAN's own: points in a leaf of its tree.
_LEAF: Final = 40


class Source(Protocol):
    """Vectors of n prompts, in memory or on disk."""

    def __len__(self) -> int: ...

    def take(self, positions: Positions) -> Vectors:
        """Vectors of some prompts, in the order asked for."""
        ...

    def blocks(self) -> Iterator[tuple[Positions, Vectors]]:
        """All vectors, some thousands at a time, with their positions, each once and in any order."""
        ...


@dataclass(frozen=True)
class InMemory:
    """Vectors that are an array of shape (n, dimensions)."""

    vectors: Vectors

    def __len__(self) -> int:
        return len(self.vectors)

    def take(self, positions: Positions) -> Vectors:
        """Vectors of some prompts, in the order asked for."""
        return self.vectors[positions]

    def blocks(self) -> Iterator[tuple[Positions, Vectors]]:
        """Twenty thousand vectors at a time, with their positions."""
        for start in range(0, len(self.vectors), 20_000):
            part = self.vectors[start : start + 20_000]
            yield np.arange(start, start + len(part)), part


@dataclass(frozen=True)
class Clusters:
    """Clusters of n prompts, of which m were fitted.

    `labels` (n): the cluster, by falling size of its core from 0, or -1 for none. `is_core` (n): put there by
    HDBSCAN. `is_fitted` (n): the fit saw it. `similarity` (n): cosine to the nearest centroid; of the core,
    to its own. `centroids` (clusters, dimensions): means of the core's vectors, on the grid. `layout`
    (n, `umap_dimensions`): what HDBSCAN saw; a prompt that was not fitted stands where the most similar one
    of the nearest cluster's core does, as in `map` (n, 2), the coordinates for a picture. `fitted`
    (m, dimensions): the vectors of the fit.
    """

    labels: Positions
    is_core: NDArray[np.bool_]
    is_fitted: NDArray[np.bool_]
    similarity: Floats
    centroids: Vectors
    layout: Vectors
    map: Vectors
    fitted: Vectors


def find_clusters(source: Source, settings: TopicsSettings, seed: int) -> Clusters:
    """Cluster prompts by their vectors; the same vectors in the same order give the same clusters.

    Where HDBSCAN finds no cluster, or there are fewer than 20 different vectors, all are one cluster. A
    vector of zeros says nothing: it has no cluster, unless all are zeros.

    Args:
        source: of n >= 1 vectors on the grid.
        settings: of the sample, UMAP, HDBSCAN and noise.
        seed: of the sample and UMAP.
    """
    fitted = _sample(len(source), settings.fit_rows, seed)
    vectors = source.take(fitted)
    core, layout, flat = _fit(vectors, settings, seed)
    centroids = _centroids(vectors, core)
    labels = np.full(len(source), NONE)
    similarity, beside = np.zeros(len(source)), np.full(len(source), NONE)
    labels[fitted], beside[fitted] = core, np.arange(len(fitted))
    is_core, is_fitted = labels != NONE, np.zeros(len(source), dtype=np.bool_)
    is_fitted[fitted] = True
    for positions, block in source.blocks():
        own = is_core[positions]
        in_core, rest = positions[own], positions[~own]
        similarity[in_core] = cosines((block[own] * centroids[labels[in_core]]).sum(axis=1))
        found, similarity[rest] = nearest(block[~own], centroids)
        is_other = ~is_fitted[rest]
        moved = (similarity[rest] >= settings.min_cosine) & (is_other | (settings.outliers == "nearest"))
        labels[rest] = np.where(moved, found, NONE)
        beside[rest[is_other]] = _most_similar_members(block[~own][is_other], found[is_other], vectors, core)
    layout, flat = (np.vstack([places, places.mean(axis=0)])[beside] for places in (layout, flat))
    return Clusters(labels, is_core, is_fitted, similarity, centroids, layout, flat, vectors)


def _sample(count: int, rows: int, seed: int) -> Positions:
    if count <= rows:
        return np.arange(count)
    return np.sort(np.random.default_rng(seed).choice(count, rows, replace=False))


def _fit(vectors: Vectors, settings: TopicsSettings, seed: int) -> tuple[Positions, Vectors, Vectors]:
    """Clusters of the sample, the layout that they were found in, and the one for a picture."""
    filled = np.flatnonzero(vectors.any(axis=1))
    labels = np.full(len(vectors), NONE)
    layout, flat = (np.zeros((len(vectors), size), np.float32) for size in (settings.umap_dimensions, 2))
    distinct = len({vector.tobytes() for vector in vectors[filled]})
    if distinct >= _SMALLEST_LAYOUT and len(filled) >= settings.min_topic_size:
        from tasks.topics.layout import lay_out, lay_out_map, link  # noqa: PLC0415  (UMAP takes 2 s to import)

        reduced = _reduced(vectors[filled], settings.pca_dimensions)
        graph = link(reduced, settings)
        found = lay_out(reduced, graph, settings, seed)
        on_map = lay_out_map(found, graph, settings, seed)
        layout, flat = (_spread_out(places, filled, len(vectors)) for places in (found, on_map))
        labels[filled] = _dense(found, settings)
    if (labels == NONE).all():
        labels[filled if len(filled) else slice(None)] = 0
    return _by_size(labels), layout, flat


def _reduced(vectors: Vectors, dimensions: int) -> Vectors:
    """The first principal components, unless vectors are that short already."""
    dimensions = min(dimensions, *vectors.shape)
    if dimensions == vectors.shape[1]:
        return vectors
    return to_grid(principal_scores(vectors, dimensions))


def _spread_out(rows: Vectors, places: Positions, count: int) -> Vectors:
    """Rows in their places among `count`; the mean row in all other places."""
    full = np.repeat(rows.mean(axis=0, keepdims=True), count, axis=0)
    full[places] = rows
    return full


def _dense(layout: Vectors, settings: TopicsSettings) -> Positions:
    """HDBSCAN's steps, with a stable sort: its own leaves the order of equal edges to the processor."""
    tree = KDTree(layout.astype(np.float64), leaf_size=_LEAF)
    samples = min(settings.min_samples, len(layout) - 1)
    edges = KDTreeBoruvkaAlgorithm(tree, samples, leaf_size=_LEAF // 3, n_jobs=1).spanning_tree()
    joins = label(edges[np.argsort(edges[:, 2], kind="stable")])
    condensed = condense_tree(joins, settings.min_topic_size)
    return np.asarray(get_clusters(condensed, compute_stability(condensed), "eom")[0], dtype=np.int64)


def _by_size(labels: Positions) -> Positions:
    """Renumber clusters by falling size, then by their first member."""
    ids, first, sizes = np.unique(labels[labels != NONE], return_index=True, return_counts=True)
    order = ids[np.lexsort((first, -sizes))]
    rank = np.full(labels.max() + 2, NONE, dtype=np.int64)
    rank[order] = np.arange(len(order))
    return rank[labels]


def _centroids(vectors: Vectors, labels: Positions) -> Vectors:
    """Means of the clusters' vectors, on the grid."""
    members, starts = _members(labels)
    return to_grid(np.add.reduceat(vectors[members], starts, axis=0, dtype=np.float64))


def _members(labels: Positions) -> tuple[Positions, Positions]:
    """The clustered prompts, cluster by cluster, and where each cluster begins."""
    order = np.argsort(labels, kind="stable")
    members = order[np.searchsorted(labels[order], 0) :]
    return members, np.searchsorted(labels[members], np.arange(labels.max(initial=NONE) + 1))


def _most_similar_members(
    vectors: Vectors, clusters: Positions, fitted: Vectors, labels: Positions
) -> Positions:
    """For each vector the most similar member of its cluster's core; -1 for a vector without a cluster."""
    found = np.full(len(vectors), NONE)
    members, starts = _members(labels)
    own = np.split(members, starts[1:])
    rows, begins = _members(clusters)
    for cluster, group in enumerate(np.split(rows, begins[1:])):
        if len(group):
            nearest_member, _ = search(vectors[group], fitted[own[cluster]], 1)
            found[group] = own[cluster][nearest_member[:, 0]]
    return found
