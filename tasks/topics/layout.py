"""Where prompts stand by their neighbours: UMAP, in a few dimensions for HDBSCAN and in two for a picture."""

import warnings
from typing import Final

import numpy as np
from sklearn.decomposition import PCA
from umap import UMAP, layouts, umap_

from tasks.embed.embedder import Vectors
from tasks.settings import TopicsSettings
from tasks.topics.neighbors import Found

# UMAP's default of 5 takes 1.6 times as long, and no measure of `tests/bench/topics` is better by it.
_NEGATIVE_SAMPLES: Final = 3
_FEW: Final = 10_000
# Of the layout's epochs.
_MAP_EPOCHS: Final = 0.4
# Numba compiles these for 12 s in each process, unless it is told to store them.
for _function in (
    layouts._nb_optimize_layout_euclidean_single_epoch,
    umap_.compute_membership_strengths,
    umap_.smooth_knn_dist,
):
    _function.enable_caching()


def lay_out(vectors: Vectors, graph: Found, settings: TopicsSettings, seed: int) -> Vectors:
    """Lay prompts out in a few dimensions, for HDBSCAN: what belongs together is as dense as can be.

    Args:
        vectors: shape (n, dimensions), n >= 20, of length 1.
        graph: their nearest neighbours.
        settings: of UMAP.
        seed: makes UMAP run on one thread.

    Returns:
        Shape (n, `umap_dimensions`).
    """
    model = _umap(graph, settings, seed, 1.0)
    model.set_params(n_components=min(settings.umap_dimensions, *vectors.shape), min_dist=0.0, init="pca")
    return _embedded(model, vectors)


def lay_out_map(layout: Vectors, graph: Found, settings: TopicsSettings, seed: int) -> Vectors:
    """Lay prompts out in the plane, for a picture: it begins with the layout, so fewer epochs will do.

    Args: see `lay_out`, but its layout for vectors.

    Returns:
        Shape (n, 2).
    """
    model = _umap(graph, settings, seed, _MAP_EPOCHS)
    model.set_params(init=PCA(2, random_state=seed).fit_transform(layout))
    return _embedded(model, layout)


def _umap(graph: Found, settings: TopicsSettings, seed: int, share: float) -> UMAP:
    """A model of a neighbour graph, for a share of the usual epochs."""
    indices, cosines = graph
    epochs = settings.umap_epochs or (200 if len(indices) <= _FEW else 50)
    return UMAP(
        n_neighbors=indices.shape[1],
        metric="cosine",
        n_epochs=max(1, round(epochs * share)),
        negative_sample_rate=_NEGATIVE_SAMPLES,
        precomputed_knn=(indices, (1 - cosines).clip(0), None),
        random_state=seed,
        n_jobs=1,
    )


def _embedded(model: UMAP, vectors: Vectors) -> Vectors:
    with warnings.catch_warnings():
        # UMAP could place others with a search index; `find_clusters` does it without.
        warnings.filterwarnings("ignore", message=".*knn_search_index.*")
        return np.asarray(model.fit_transform(vectors), dtype=np.float32)
