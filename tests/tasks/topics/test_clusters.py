"""Outliers: left alone, or moved to the nearest topic and marked as moved."""

import numpy as np
import polars as pl
import pytest

from tasks.settings import TopicsSettings
from tasks.topics.assign import NONE
from tasks.topics.clusters import Clusters, InMemory, find_clusters
from tasks.topics.fit import fit
from tasks.vectors.grid import STEPS, Vectors, to_grid

SETTINGS = TopicsSettings(min_topic_size=8, min_samples=6, n_neighbors=10)


@pytest.fixture(scope="module")
def vectors() -> Vectors:
    """Six dense bundles, and strays between them and apart from them."""
    rng = np.random.default_rng(1)
    centres = np.eye(24)[:6].repeat(10, axis=0)
    bundles = centres + rng.normal(scale=0.05, size=centres.shape)
    strays = rng.normal(size=(60, 24))
    return to_grid(np.concatenate([bundles, strays]))


def clustered(vectors: Vectors, **asked: object) -> Clusters:
    return find_clusters(InMemory(vectors), SETTINGS.model_copy(update=asked), seed=1)


@pytest.fixture(scope="module")
def left(vectors: Vectors) -> Clusters:
    return clustered(vectors, outliers="leave")


def halfway(vectors: Vectors, left: Clusters) -> float:
    """A cosine that about half of the noise has to its nearest topic."""
    return float(np.median((vectors[~left.is_core] @ left.centroids.T).max(axis=1))) / STEPS**2


def test_noise_is_left_without_a_topic(vectors: Vectors, left: Clusters) -> None:
    noise = left.labels == NONE
    assert 1 < noise.sum() < 60
    assert (left.is_core == ~noise).all()
    own = (vectors * left.centroids[left.labels]).sum(axis=1) / STEPS**2
    np.testing.assert_allclose(left.similarity[~noise], own[~noise].clip(-1, 1), atol=1e-9)


def test_topics_are_numbered_by_size(left: Clusters) -> None:
    sizes = np.bincount(left.labels[left.labels != NONE])
    assert len(sizes) >= 2
    assert (np.diff(sizes) <= 0).all()


def test_noise_goes_to_the_nearest_topic_if_that_is_near(vectors: Vectors, left: Clusters) -> None:
    threshold = halfway(vectors, left)
    moved = clustered(vectors, outliers="nearest", min_cosine=threshold)
    np.testing.assert_array_equal(moved.is_core, left.is_core)
    np.testing.assert_array_equal(moved.labels[moved.is_core], left.labels[left.is_core])
    cosine = vectors[~moved.is_core] @ left.centroids.T / STEPS**2
    near = cosine.max(axis=1) >= threshold
    assert near.any()
    assert not near.all()
    np.testing.assert_array_equal(moved.labels[~moved.is_core], np.where(near, cosine.argmax(axis=1), NONE))


def test_every_prompt_says_how_it_came_to_its_topic(vectors: Vectors, left: Clusters) -> None:
    prompts = pl.DataFrame(
        {
            "prompt_id": [f"{i:03d}" for i in range(len(vectors))],
            "prompt": [f"word{i} text" for i in range(len(vectors))],
        }
    )
    asked = SETTINGS.model_copy(update={"min_cosine": halfway(vectors, left)})
    members = fit(prompts, InMemory(vectors), asked, 1, None).tables["members"]
    by = dict(members["assigned_by"].value_counts().iter_rows())
    assert by["cluster"] == left.is_core.sum()
    assert by["nearest"] > 0
    assert by["none"] > 0
    assert members.filter(assigned_by="none")["topic_id"].null_count() == by["none"]
    assert members["topic_id"].null_count() == members["similarity"].null_count() == by["none"]
