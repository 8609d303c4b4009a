"""What happens to noise: it is left alone, or goes to the nearest topic or that of its words, and says so."""

import numpy as np
import polars as pl
import pytest

from tasks.topics.assign import NONE
from tasks.topics.fit import Fit
from tasks.vectors.grid import STEPS, Vectors
from tests.tasks.topics.bundled import assert_all_have_a_place, bundles, found, noise

LIMIT = 0.25


@pytest.fixture(scope="module")
def mixed() -> Vectors:
    """Ten directions, and prompts apart from all."""
    return np.concatenate([bundles(10, 8), noise(80)])


def moved_by(vectors: Vectors, outliers: str) -> Fit:
    return found(
        vectors, outliers=outliers, min_topic_size=4, min_samples=6, n_neighbors=10, min_cosine=LIMIT
    )


def test_noise_is_left_without_a_topic_or_goes_to_one_and_says_so(mixed: Vectors) -> None:
    ways = {way: moved_by(mixed, way) for way in ("leave", "nearest", "c_tf_idf")}
    left = ways["leave"].clusters
    is_noise = left.labels == NONE
    assert 10 < is_noise.sum() < 60
    assert set(ways["leave"].tables["members"]["assigned_by"]) == {"cluster", "none"}
    cosines = mixed @ left.centroids.T / STEPS**2
    for way, result in ways.items():
        assert_all_have_a_place(result)
        assert (result.clusters.is_core == ~is_noise).all()
        by = result.tables["members"]["assigned_by"].to_numpy()
        assert (by[~is_noise] == "cluster").all()
        assert (by[is_noise] != "cluster").all()
        moved = by == way
        labels = result.clusters.labels
        assert result.clusters.similarity[moved] == pytest.approx(
            cosines[moved, labels[moved]].astype(float), abs=1e-5
        )
    by = ways["nearest"].tables["members"]["assigned_by"].to_numpy()
    near = is_noise & (cosines.max(axis=1) >= LIMIT)
    assert near.sum() not in {0, is_noise.sum()}
    assert ((by == "nearest") == near).all()
    assert (ways["nearest"].clusters.labels[near] == cosines.argmax(axis=1)[near]).all()


def test_noise_goes_to_the_topic_of_its_words(mixed: Vectors) -> None:
    result = moved_by(mixed, "c_tf_idf")
    own = pl.Series("own", [f"word{row.argmax()}" for row in mixed])
    members = result.tables["members"].with_columns(own)
    moved = members.filter(assigned_by="c_tf_idf")
    assert moved.height > 3
    core = members.filter(assigned_by="cluster").group_by("topic_id", "own").len()
    assert moved.join(core, on=["topic_id", "own"], how="anti").is_empty()
    shared = core.filter(pl.col("len") > 1)["own"]
    assert not set(members.filter(assigned_by="none")["own"]) & set(shared)
