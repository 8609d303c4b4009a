"""More prompts than a fit sees: the others are placed, the same way wherever their vectors come from."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from subprocess import Popen

import numpy as np
import pytest

from tasks.errors import InputError
from tasks.topics.clusters import Clusters, InMemory, find_clusters
from tasks.vectors.grid import STEPS, Vectors
from tasks.vectors.shards import Shards, shard_folder, to_frame
from tests.tasks.topics.test_bad_input import SEED, SETTINGS, assert_all_have_a_place, bundles, found, noise


@pytest.fixture(scope="module")
def many() -> Vectors:
    """Two hundred vectors of four directions, some equal, some zero, some far from all."""
    vectors = np.concatenate([bundles(4, 45), noise(15), np.zeros((5, 24), dtype=np.float32)])
    vectors[100:110] = vectors[90:100]
    return vectors[np.random.default_rng(8).permutation(len(vectors))]


def sampled(source: InMemory | Shards) -> Clusters:
    return find_clusters(source, SETTINGS.model_copy(update={"fit_rows": 60}), SEED)


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


ELSEWHERE = """
import sys
import numpy as np
from tests.tasks.topics.test_sample import sampled
from tasks.topics.clusters import InMemory
np.savez(sys.argv[2], **vars(sampled(InMemory(np.load(sys.argv[1])))))
"""


@pytest.fixture(scope="module", autouse=True)
def elsewhere(many: Vectors, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Popen[bytes], Path]]:
    """Another process, of one thread, that does as the last test; started early, as it takes long."""
    given = tmp_path_factory.mktemp("elsewhere") / "vectors.npy"
    got = given.with_name("clusters.npz")
    np.save(given, many)
    command = [sys.executable, "-W", "ignore", "-c", ELSEWHERE, str(given), str(got)]
    one_thread = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    with Popen(command, cwd=Path(__file__).parents[3], env=os.environ | one_thread) as other:
        yield other, got
        other.kill()


def test_another_process_finds_the_same(many: Vectors, elsewhere: tuple[Popen[bytes], Path]) -> None:
    other, got = elsewhere
    assert other.wait(timeout=300) == 0
    assert_same(sampled(InMemory(many)), Clusters(**np.load(got)))
