"""Where prompts stand by their neighbours: UMAP, in a few dimensions for HDBSCAN and in two for a picture.

UMAP's own steps are called, not its class: both layouts share one graph, and values that could differ between
processors are rounded, or given, before a layout begins.
"""

from typing import Final

import numpy as np
from numba import config
from scipy.sparse import coo_matrix
from umap import layouts, umap_

from tasks.errors import EvergreenError
from tasks.settings import TopicsSettings
from tasks.vectors.components import principal_scores
from tasks.vectors.grid import Floats, Vectors
from tasks.vectors.search import search

# UMAP's default of 5 takes 1.6 times as long, and no measure of `tests/bench/topics` is better by it.
_NEGATIVE_SAMPLES: Final = 3
_FEW: Final = 10_000
# Of the layout's epochs.
_MAP_EPOCHS: Final = 0.4
# a and b of UMAP's curves for `min_dist` 0 and 0.1: its own fit of them has other last bits on each
# processor.
_DENSE: Final = (1.929, 0.7915)
_SPREAD: Final = (1.577, 0.8951)
# Steps of a layout as its principal components are found, and of a graph's weights.
_LAYOUT_STEPS: Final = 256
_WEIGHT_STEPS: Final = 2.0**16
if config.CPU_NAME != "generic":
    raise EvergreenError("import Evergreen before numba and umap: topics would depend on this processor")
# Numba compiles these for 12 s in each process, unless it is told to store them.
for _function in (
    layouts._nb_optimize_layout_euclidean_single_epoch,
    umap_.compute_membership_strengths,
    umap_.smooth_knn_dist,
):
    _function.enable_caching()


def link(vectors: Vectors, settings: TopicsSettings) -> coo_matrix:
    """UMAP's graph of the nearest neighbours of each vector.

    Args:
        vectors: shape (n, dimensions), n >= 20, on the grid.
        settings: of UMAP.

    Returns:
        Shape (n, n), symmetric: how sure it is that two are neighbours, 0 to 1.
    """
    count = min(settings.n_neighbors, len(vectors) - 1)
    positions, products = search(vectors, vectors, count)
    # By true lengths, or else a vector is a little off itself, which UMAP takes for its nearest neighbour.
    squares = (vectors * vectors).sum(axis=1, dtype=np.float64)
    cosines = products / np.sqrt(squares[:, None] * squares[positions])
    distances = (1 - cosines).clip(0).astype(np.float32)
    graph, *_ = umap_.fuzzy_simplicial_set(
        vectors, count, None, "cosine", knn_indices=positions, knn_dists=distances
    )
    graph = coo_matrix(graph)
    graph.data = np.rint(graph.data * _WEIGHT_STEPS).astype(np.float32) / np.float32(_WEIGHT_STEPS)
    return graph


def lay_out(vectors: Vectors, graph: coo_matrix, settings: TopicsSettings, seed: int) -> Vectors:
    """Lay prompts out in a few dimensions, for HDBSCAN: what belongs together is as dense as can be.

    Args:
        vectors: shape (n, dimensions), of which the first principal components are the start.
        graph: of `link`.
        settings: of UMAP.
        seed: of the order in which neighbours attract and others repel each other, on one thread.

    Returns:
        Shape (n, `umap_dimensions`).
    """
    start = principal_scores(vectors, min(settings.umap_dimensions, *vectors.shape))
    return _optimise(start, graph, _epochs(graph, settings), _DENSE, seed)


def lay_out_map(layout: Vectors, graph: coo_matrix, settings: TopicsSettings, seed: int) -> Vectors:
    """Lay prompts out in the plane, for a picture: it begins with the layout, so fewer epochs will do.

    Args: see `lay_out`, but its layout for vectors.

    Returns:
        Shape (n, 2).
    """
    start = principal_scores(np.rint(layout * _LAYOUT_STEPS), 2)
    return _optimise(start, graph, round(_epochs(graph, settings) * _MAP_EPOCHS), _SPREAD, seed)


def _epochs(graph: coo_matrix, settings: TopicsSettings) -> int:
    return settings.umap_epochs or (200 if graph.shape[0] <= _FEW else 50)


def _optimise(
    start: Floats, graph: coo_matrix, epochs: int, curve: tuple[float, float], seed: int
) -> Vectors:
    """UMAP's layout, which begins with all components of the start equally wide.

    Points that start in one place are moved apart here: UMAP does it by logarithms.
    """
    rng = np.random.RandomState(seed)
    scale = np.abs(start).max(initial=0)
    places = start / (scale or 1) + rng.randint(-1_000, 1_001, start.shape) * 1e-7
    a, b = curve
    layout, _ = umap_.simplicial_set_embedding(
        None, graph, start.shape[1], 1.0, a, b, 1.0, _NEGATIVE_SAMPLES, max(1, epochs), places, rng,
        "cosine", {}, densmap=False, densmap_kwds={}, output_dens=False,
    )  # fmt: skip
    return np.asarray(layout, dtype=np.float32)
