"""From vectors to clusters: a sample is fitted (PCA, UMAP, HDBSCAN), all others are placed beside it."""

import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
from hdbscan import HDBSCAN
from numpy.typing import NDArray
from sklearn.decomposition import PCA
from sklearn.preprocessing import normalize
from umap import UMAP

from tasks.embed.embedder import Vectors
from tasks.errors import InputError
from tasks.settings import TopicsSettings
from tasks.topics.assign import NONE, Floats, Positions, nearest
from tasks.topics.neighbors import Found, Neighbors

# Below this UMAP's neighbour graph is the complete graph, and its layout says nothing.
_SMALLEST_LAYOUT: Final = 20
# UMAP's default of 5 takes 1.6 times as long, and no measure of `tests/bench/topics` is better by it.
_NEGATIVE_SAMPLES: Final = 3
_FEW: Final = 10_000


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
    to its own. `centroids` (clusters, dimensions): means of the core's vectors, of length 1. `layout`
    (n, `umap_dimensions`): what HDBSCAN saw; a prompt that was not fitted stands where its nearest fitted one
    does, as in `map` (n, 2), the coordinates for a picture. `fitted` (m, dimensions): the vectors of the fit.
    """

    labels: Positions
    is_core: NDArray[np.bool_]
    is_fitted: NDArray[np.bool_]
    similarity: Floats
    centroids: Vectors
    layout: Vectors
    map: Vectors
    fitted: Vectors


@dataclass(frozen=True)
class _Fit:
    """Clusters of m fitted prompts, and where the others go: beside their nearest fitted ones."""

    labels: Positions
    layout: Vectors
    map: Vectors
    pca: PCA | None
    neighbors: Neighbors

    def nearest(self, vectors: Vectors) -> Positions:
        """The fitted prompt nearest to each vector."""
        return self.neighbors.search(_reduced(self.pca, vectors), 1)[0][:, 0]


def find_clusters(source: Source, settings: TopicsSettings, seed: int) -> Clusters:
    """Cluster prompts by their vectors; the same vectors in the same order give the same clusters.

    Where HDBSCAN finds no cluster, or there are fewer than 20 different vectors, all are one cluster. A
    vector of zeros says nothing: it has no cluster.

    Args:
        source: of n >= 1 vectors, whose rows have length 1 or 0.
        settings: of the sample, UMAP, HDBSCAN and noise.
        seed: of the sample, PCA and UMAP, which makes UMAP run on one thread.

    Raises:
        InputError: a value is not a finite number.
    """
    fitted = _sample(len(source), settings.fit_rows, seed)
    vectors = source.take(fitted)
    _require_numbers(vectors)
    fit = _fit(vectors, settings, seed)
    centroids = _centroids(vectors, fit.labels)
    labels = np.full(len(source), NONE)
    similarity, beside = np.zeros(len(source)), np.zeros(len(source), dtype=np.int64)
    labels[fitted], beside[fitted] = fit.labels, np.arange(len(fitted))
    is_core, is_fitted = labels != NONE, np.zeros(len(source), dtype=np.bool_)
    is_fitted[fitted] = True
    for positions, block in source.blocks():
        found, cosine = nearest(block, centroids)
        own = np.einsum("ij,ij->i", block, centroids[labels[positions]], dtype=np.float64)
        similarity[positions] = np.where(is_core[positions], own, cosine)
        near = (cosine >= settings.min_cosine) & (found != NONE)
        moved = near & ~is_core[positions] & (~is_fitted[positions] | (settings.outliers == "nearest"))
        labels[positions[moved]] = found[moved]
        other = ~is_fitted[positions]
        if other.any():
            beside[positions[other]] = fit.nearest(block[other])
    layout, flat = fit.layout[beside], fit.map[beside]
    return Clusters(labels, is_core, is_fitted, similarity, centroids, layout, flat, vectors)


def _sample(count: int, rows: int, seed: int) -> Positions:
    if count <= rows:
        return np.arange(count)
    return np.sort(np.random.default_rng(seed).choice(count, rows, replace=False))


def _require_numbers(vectors: Vectors) -> None:
    bad = int((~np.isfinite(vectors).all(axis=1)).sum())
    if bad:
        raise InputError(f"{bad} vectors have values that are no numbers: embed these prompts again")


def _fit(vectors: Vectors, settings: TopicsSettings, seed: int) -> _Fit:
    filled = np.flatnonzero(vectors.any(axis=1))
    pca = _projection(vectors[filled], settings.pca_dimensions, seed)
    reduced = _reduced(pca, vectors)
    neighbors = Neighbors(reduced, seed)
    labels = np.full(len(vectors), NONE)
    layout, flat = (np.zeros((len(vectors), size), np.float32) for size in (settings.umap_dimensions, 2))
    distinct = len({vector.tobytes() for vector in vectors[filled]})
    if distinct >= _SMALLEST_LAYOUT and len(filled) >= settings.min_topic_size:
        own = neighbors if len(filled) == len(vectors) else Neighbors(reduced[filled], seed)
        graph = own.search(reduced[filled], min(settings.n_neighbors, len(filled) - 1))
        layout, flat = (
            _spread_out(_layout(reduced[filled], graph, dimensions, settings, seed), filled, len(vectors))
            for dimensions in (settings.umap_dimensions, 2)
        )
        labels[filled] = _dense(layout[filled], settings)
    if (labels == NONE).all():
        labels[filled if len(filled) else slice(None)] = 0
    return _Fit(_by_size(labels), layout, flat, pca, neighbors)


def _projection(vectors: Vectors, dimensions: int, seed: int) -> PCA | None:
    """The first principal components, unless vectors are that short already."""
    dimensions = min(dimensions, len(vectors), vectors.shape[1])
    if dimensions == vectors.shape[1] or len(vectors) < _SMALLEST_LAYOUT:
        return None
    return PCA(dimensions, random_state=seed).fit(vectors)


def _reduced(pca: PCA | None, vectors: Vectors) -> Vectors:
    return vectors if pca is None else np.asarray(normalize(pca.transform(vectors)), dtype=np.float32)


def _layout(vectors: Vectors, graph: Found, dimensions: int, settings: TopicsSettings, seed: int) -> Vectors:
    """UMAP's: the nearest neighbours stay near, in a few dimensions."""
    indices, cosines = graph
    model = UMAP(
        n_neighbors=indices.shape[1],
        n_components=min(dimensions, *vectors.shape),
        min_dist=0.0 if dimensions > 2 else 0.1,
        metric="cosine",
        n_epochs=settings.umap_epochs or (200 if len(vectors) <= _FEW else 50),
        negative_sample_rate=_NEGATIVE_SAMPLES,
        init="pca",
        precomputed_knn=(indices, (1 - cosines).clip(0), None),
        random_state=seed,
        n_jobs=1,
    )
    with warnings.catch_warnings():
        warnings.filterwarnings(
            "ignore", message=".*knn_search_index.*"
        )  # other prompts are placed by `nearest`
        return np.asarray(model.fit_transform(vectors), dtype=np.float32)


def _spread_out(rows: Vectors, places: Positions, count: int) -> Vectors:
    """Rows in their places among `count`; the mean row in all other places."""
    full = np.repeat(rows.mean(axis=0, keepdims=True), count, axis=0)
    full[places] = rows
    return full


def _dense(layout: Vectors, settings: TopicsSettings) -> Positions:
    model = HDBSCAN(
        min_cluster_size=settings.min_topic_size,
        min_samples=settings.min_samples,
        cluster_selection_method="eom",
        core_dist_n_jobs=1,
    )
    return np.asarray(model.fit_predict(layout.astype(np.float64)), dtype=np.int64)


def _by_size(labels: Positions) -> Positions:
    """Renumber clusters by falling size, then by their first member."""
    ids, first, sizes = np.unique(labels[labels != NONE], return_index=True, return_counts=True)
    order = ids[np.lexsort((first, -sizes))]
    rank = np.full(labels.max() + 2, NONE, dtype=np.int64)
    rank[order] = np.arange(len(order))
    return rank[labels]


def _centroids(vectors: Vectors, labels: Positions) -> Vectors:
    """Means of the clusters' vectors, of length 1."""
    sums = np.zeros((labels.max() + 1, vectors.shape[1]))
    np.add.at(sums, labels[labels != NONE], vectors[labels != NONE])
    return np.asarray(normalize(sums), dtype=np.float32)
