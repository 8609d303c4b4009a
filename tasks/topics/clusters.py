"""From vectors to clusters: PCA, UMAP, HDBSCAN, and what happens to those that HDBSCAN calls noise."""

import warnings
from dataclasses import dataclass

import numpy as np
from hdbscan import HDBSCAN
from numpy.typing import NDArray
from sklearn.decomposition import PCA
from sklearn.neighbors import NearestNeighbors
from sklearn.preprocessing import normalize
from umap import UMAP

from tasks.embed.embedder import Vectors
from tasks.settings import TopicsSettings

Labels = NDArray[np.int64]
NOISE = -1
# Below this UMAP's neighbour graph is the complete graph, and its layout says nothing.
_SMALLEST_LAYOUT = 20
_EXACT_NEIGHBORS = 50_000


@dataclass(frozen=True)
class Clusters:
    """Clusters of n prompts.

    `labels` (n): the cluster, by falling size from 0, or -1 for noise. `is_core` (n): HDBSCAN's own, not
    moved there later. `centroids` (clusters, dimensions): means of the core's vectors, of length 1.
    `similarity` (n): cosine to the own centroid, NaN for noise. `map` (n, 2): coordinates for a picture.
    """

    labels: Labels
    is_core: NDArray[np.bool_]
    centroids: Vectors
    similarity: NDArray[np.float64]
    map: NDArray[np.float64]


def find_clusters(vectors: Vectors, settings: TopicsSettings, seed: int) -> Clusters:
    """Cluster prompts by their vectors; the same input gives the same clusters.

    Where HDBSCAN finds no cluster, or there are fewer than 20 different vectors, all are one cluster.

    Args:
        vectors: shape (n, dimensions), n >= 1.
        settings: of UMAP, HDBSCAN and noise.
        seed: of PCA and UMAP, which makes UMAP run on one thread.
    """
    distinct = len({vector.tobytes() for vector in vectors})
    if distinct < _SMALLEST_LAYOUT or len(vectors) < settings.min_topic_size:
        found, layout = np.zeros(len(vectors), dtype=np.int64), np.zeros((len(vectors), 2))
    else:
        found, layout = _cluster(vectors, settings, seed)
    if (found == NOISE).all():
        found = np.zeros(len(vectors), dtype=np.int64)
    found = _by_size(found)
    centroids = _centroids(vectors, found)
    labels = (
        found
        if settings.outliers == "leave"
        else _adopt(vectors, found, centroids, settings.outlier_min_cosine)
    )
    own = np.einsum("ij,ij->i", vectors, centroids[labels], dtype=np.float64)
    similarity = np.where(labels == NOISE, np.nan, own)
    return Clusters(labels, (found != NOISE), centroids, similarity, layout)


def _cluster(vectors: Vectors, settings: TopicsSettings, seed: int) -> tuple[Labels, NDArray[np.float64]]:
    reduced = _reduce(vectors, settings.pca_dimensions, seed)
    n_neighbors = min(settings.n_neighbors, len(vectors) - 1)
    neighbors = _neighbors(reduced, n_neighbors)

    def umap(components: int) -> NDArray[np.float64]:
        model = UMAP(
            n_neighbors=n_neighbors,
            n_components=min(components, *reduced.shape),
            min_dist=0.0 if components > 2 else 0.1,
            metric="cosine",
            n_epochs=settings.umap_epochs,
            init="pca",
            precomputed_knn=neighbors,
            random_state=seed,
            n_jobs=1,
        )
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message=".*knn_search_index.*")  # new prompts go by centroids
            return np.asarray(model.fit_transform(reduced), dtype=np.float64)

    model = HDBSCAN(
        min_cluster_size=settings.min_topic_size,
        min_samples=settings.min_samples,
        cluster_selection_method="leaf",
        core_dist_n_jobs=1,
    )
    labels = model.fit_predict(umap(settings.umap_dimensions))
    return np.asarray(labels, dtype=np.int64), umap(2)


def _reduce(vectors: Vectors, dimensions: int, seed: int) -> Vectors:
    """Project on the first principal components, unless vectors are that short already."""
    dimensions = min(dimensions, *vectors.shape)
    if dimensions == vectors.shape[1]:
        return vectors
    return np.asarray(normalize(PCA(dimensions, random_state=seed).fit_transform(vectors)), dtype=np.float32)


def _neighbors(
    vectors: Vectors, count: int
) -> tuple[NDArray[np.int64] | None, NDArray[np.float64] | None, None]:
    """Exact nearest neighbours, for both UMAPs; too many prompts are left to UMAP's own approximate search.

    Up to 50,000 prompts the exact search takes less time (5 s) than compiling the approximate one (30 s).
    """
    if len(vectors) > _EXACT_NEIGHBORS:
        return None, None, None
    distances, indices = NearestNeighbors(n_neighbors=count, metric="cosine").fit(vectors).kneighbors(vectors)
    return indices, distances, None


def _by_size(labels: Labels) -> Labels:
    """Renumber clusters by falling size, then by their first member."""
    ids, first, sizes = np.unique(labels[labels != NOISE], return_index=True, return_counts=True)
    order = ids[np.lexsort((first, -sizes))]
    rank = np.full(labels.max() + 2, NOISE, dtype=np.int64)
    rank[order] = np.arange(len(order))
    return rank[labels]


def _centroids(vectors: Vectors, labels: Labels) -> Vectors:
    means = [vectors[labels == label].mean(axis=0) for label in range(labels.max() + 1)]
    return np.asarray(normalize(np.stack(means)), dtype=np.float32)


def _adopt(vectors: Vectors, labels: Labels, centroids: Vectors, min_cosine: float) -> Labels:
    """Give noise to its nearest centroid, if that is near enough."""
    noise = np.flatnonzero(labels == NOISE)
    cosines = vectors[noise] @ centroids.T
    nearest = cosines.argmax(axis=1)
    near = cosines[np.arange(len(noise)), nearest] >= min_cosine
    adopted = labels.copy()
    adopted[noise[near]] = nearest[near]
    return adopted
