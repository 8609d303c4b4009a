"""More prompts than a fit sees: the others are placed, the same way wherever their vectors come from."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tasks.errors import InputError
from tasks.topics.clusters import Clusters, InMemory
from tasks.vectors.grid import STEPS, Vectors
from tasks.vectors.shards import Shards, shard_folder, to_frame
from tests.tasks.topics import bundled
from tests.tasks.topics.bundled import SETTINGS, assert_all_have_a_place, found, sampled
from tests.tasks.topics.elsewhere import hashes


@pytest.fixture(scope="module")
def many() -> Vectors:
    return bundled.many()


def assert_same(one: Clusters, other: Clusters) -> None:
    for name, value in vars(one).items():
        np.testing.assert_array_equal(value, getattr(other, name), err_msg=name)


def shards(home: Path, vectors: Vectors, order: np.ndarray, rows: int) -> Shards:
    """The vectors in shards of so many rows, in that order."""
    ids = [f"{number:04d}" for number in range(len(vectors))]
    path = shard_folder(str(home), "a-model")
    path.mkdir(parents=True)
    for start in range(0, len(order), rows):
        part = order[start : start + rows]
        frame = to_frame([ids[number] for number in part], vectors[part])
        frame.write_parquet(path / f"{start:04d}.parquet")
    return Shards(str(home), "a-model", ids)


def test_prompts_beyond_the_sample_are_assigned_or_have_none(many: Vectors) -> None:
    result = found(many, fit_rows=60)
    assert_all_have_a_place(result)
    is_fitted = result.clusters.is_fitted
    assert is_fitted.sum() == len(result.clusters.fitted) == 60
    by = result.tables["members"]["assigned_by"].to_numpy()
    assert set(by[~is_fitted]) == {"assigned", "none"}
    assert "assigned" not in by[is_fitted]
    cosines = many @ result.clusters.centroids.T / STEPS**2
    near = cosines.max(axis=1) >= SETTINGS.min_cosine
    assert ((by == "assigned") == near)[~is_fitted].all()
    is_zero = ~many.any(axis=1)
    assert (by[is_zero] == "none").all()
    direction = many.argmax(axis=1)
    pairs = {(direction[row], result.clusters.labels[row]) for row in np.flatnonzero(by == "assigned")}
    assert len(pairs) == len({direction for direction, _ in pairs}) == 4


def test_a_prompt_beyond_the_sample_stands_where_the_most_similar_of_its_topic_does(many: Vectors) -> None:
    clusters = sampled(InMemory(many))
    others = np.flatnonzero(~clusters.is_fitted & (clusters.labels >= 0))
    assert len(others) > 50
    for row in others:
        members = np.flatnonzero(clusters.is_core & (clusters.labels == clusters.labels[row]))
        products = many[members] @ many[row]
        best = members[products == products.max()]
        for places in (clusters.layout, clusters.map):
            assert any(np.array_equal(places[row], places[member]) for member in best)


@pytest.mark.parametrize("rows", [7, 64, 200])
def test_topics_are_the_same_however_vectors_lie_in_shards(many: Vectors, tmp_path: Path, rows: int) -> None:
    order = np.random.default_rng(rows).permutation(len(many))
    assert_same(sampled(InMemory(many)), sampled(shards(tmp_path, many, order, rows)))


def test_shards_of_other_dimensions_are_refused(many: Vectors, tmp_path: Path) -> None:
    source = shards(tmp_path, many, np.arange(len(many)), 100)
    path = shard_folder(str(tmp_path), "a-model") / "0100.parquet"
    to_frame(source.prompt_ids[100:], many[100:, :20].copy()).write_parquet(path)
    with pytest.raises(InputError, match="its vectors are not 24 long but 20; delete the shard"):
        sampled(source)


def test_another_process_finds_the_same(many: Vectors, elsewhere: dict[str, Any]) -> None:
    assert hashes(sampled(InMemory(many))) == elsewhere["sampled"]
