"""Vectors in bundles, in a blob or anywhere, and the topics of prompts that have them."""

import numpy as np
import polars as pl

from tasks.settings import TopicsSettings
from tasks.topics.clusters import Clusters, InMemory, Source, find_clusters
from tasks.topics.fit import Fit, fit
from tasks.vectors.grid import Vectors, to_grid

SEED = 42
SETTINGS = TopicsSettings(min_topic_size=8, min_samples=5, min_cosine=0.6)


def bundles(count: int, each: int, dimensions: int = 24) -> Vectors:
    """Vectors about `count` directions, those of one direction `count` rows apart."""
    centres = np.tile(np.eye(dimensions)[:count], (each, 1))
    return to_grid(centres + np.random.default_rng(3).normal(scale=0.06, size=centres.shape))


def blob(rows: int) -> Vectors:
    return to_grid(np.eye(24)[0] + np.random.default_rng(4).normal(scale=0.05, size=(rows, 24)))


def noise(rows: int) -> Vectors:
    return to_grid(np.random.default_rng(5).normal(size=(rows, 24)))


def many() -> Vectors:
    """Two hundred vectors of four directions, some equal, some zero, some far from all."""
    vectors = np.concatenate([bundles(4, 45), noise(15), np.zeros((5, 24), dtype=np.float32)])
    vectors[100:110] = vectors[90:100]
    return vectors[np.random.default_rng(8).permutation(len(vectors))]


def sampled(source: Source) -> Clusters:
    """Clusters of a sample of the vectors, and the places of the others beside it."""
    return find_clusters(source, SETTINGS.model_copy(update={"fit_rows": 60}), SEED)


def found(vectors: Vectors, **asked: object) -> Fit:
    """A fit of prompts about `word<n>`, n being the direction of greatest weight."""
    words = [f"word{row.argmax()}" for row in vectors]
    ids = [f"{number:04d}" for number in range(len(vectors))]
    prompts = pl.DataFrame({"prompt_id": ids, "prompt": words})
    return fit(prompts, InMemory(vectors), SETTINGS.model_copy(update=asked), SEED, None)


def assert_all_have_a_place(result: Fit) -> None:
    """A topic of the fit or none, and coordinates; what is counted is what there is."""
    members, topics = result.tables["members"], result.tables["topics"]
    assert np.isfinite(members.select("x", "y").to_numpy()).all()
    is_none = members["assigned_by"] == "none"
    assert (members["topic_id"].is_null() == is_none).all()
    assert (members["similarity"].is_null() == is_none).all()
    sizes = members.drop_nulls("topic_id")["topic_id"].value_counts()
    assert dict(sizes.iter_rows()) == dict(topics.select("topic_id", "size").iter_rows())
    assert result.placed_counts.sum() + result.placed_none == members.height
