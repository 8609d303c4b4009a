"""A taxonomy on disk: what another process reads is what was fitted, or an error that says what to do."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tasks.errors import InputError
from tasks.topics.taxonomy import Taxonomy, folder, load, save, vectors_hash
from tasks.vectors.grid import to_grid
from tests.places import ROOT

RNG = np.random.default_rng(5)
TAXONOMY = Taxonomy(
    taxonomy_id="0123456789ab",
    embedder="text-embedding-3-small",
    topic_ids=np.array([4, 0, 17]),
    centroids=to_grid(RNG.normal(size=(3, 8))),
    placed_counts=np.array([20, 12, 5]),
    placed_none=3,
    min_similarity=0.2,
    seed=42,
    prompt_count=50,
    fitted_count=40,
    vectors_sha256="00",
    library_versions={"numpy": "2.4"},
)


@pytest.fixture
def home(tmp_path: Path) -> str:
    save(str(tmp_path), TAXONOMY)
    return str(tmp_path)


def test_it_is_read_as_it_was_saved(home: str) -> None:
    found = load(home, TAXONOMY.taxonomy_id)
    for name, value in vars(TAXONOMY).items():
        np.testing.assert_array_equal(getattr(found, name), value)
    assert found.centroids.dtype == np.float32


def test_files_are_the_same_bytes_each_time(home: str) -> None:
    path = folder(home, TAXONOMY.taxonomy_id)
    before = {file.name: file.read_bytes() for file in path.iterdir()}
    assert set(before) == {"centroids.parquet", "taxonomy.json"}
    save(home, TAXONOMY)
    assert {file.name: file.read_bytes() for file in path.iterdir()} == before
    described = json.loads(before["taxonomy.json"])
    assert (described["topic_count"], described["dimensions"]) == (3, 8)


def test_one_that_is_not_there_is_said_to_be_missing(home: str) -> None:
    with pytest.raises(InputError, match=r'taxonomy beef is not there.*refit = "always"'):
        load(home, "beef")


def test_a_save_that_was_cut_short_is_no_taxonomy(home: str) -> None:
    (folder(home, TAXONOMY.taxonomy_id) / "taxonomy.json").unlink()
    with pytest.raises(InputError, match="is not there"):
        load(home, TAXONOMY.taxonomy_id)


DAMAGE = {
    "no centroids": lambda path: (path / "centroids.parquet").unlink(),
    "half of the centroids": lambda path: cut(path / "centroids.parquet"),
    "half of the description": lambda path: cut(path / "taxonomy.json"),
    "a list": lambda path: (path / "taxonomy.json").write_text("[]"),
    "a field is missing": lambda path: change(path, "seed", None),
    "an unknown field": lambda path: change(path, "colour", "red"),
    "centroids of another fit": lambda path: change(path, "centroids_sha256", "00"),
}


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def change(path: Path, field: str, value: str | None) -> None:
    described = json.loads((path / "taxonomy.json").read_text())
    described.pop(field, None)
    if value is not None:
        described[field] = value
    (path / "taxonomy.json").write_text(json.dumps(described))


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_damaged_files_are_refused(home: str, damage) -> None:
    damage(folder(home, TAXONOMY.taxonomy_id))
    with pytest.raises(InputError, match=r"files of taxonomy 0123456789ab are damaged.*run again"):
        load(home, TAXONOMY.taxonomy_id)


def test_vectors_of_another_embedder_or_length_are_refused() -> None:
    TAXONOMY.check("text-embedding-3-small", 8)
    with pytest.raises(InputError, match="fitted on vectors of text-embedding-3-small, these are of other"):
        TAXONOMY.check("other", 8)
    with pytest.raises(InputError, match="vectors of 8 dimensions, these of text-embedding-3-small have 9"):
        TAXONOMY.check("text-embedding-3-small", 9)


IDS = [f"{number:02x}" for number in range(40)]
VECTORS = to_grid(RNG.normal(size=(40, 6)))


def test_the_hash_of_vectors_does_not_depend_on_the_order_of_rows() -> None:
    order = RNG.permutation(40)
    assert vectors_hash([IDS[row] for row in order], VECTORS[order]) == vectors_hash(IDS, VECTORS)


def test_the_hash_tells_other_vectors_and_other_prompts() -> None:
    nudged = VECTORS.copy()
    nudged[3, 2] += 1
    hashes = {
        vectors_hash(IDS, VECTORS),
        vectors_hash(IDS, nudged),
        vectors_hash(IDS, VECTORS[::-1]),
        vectors_hash(["zz", *IDS[1:]], VECTORS),
        vectors_hash(IDS[:39], VECTORS[:39]),
        vectors_hash(IDS, VECTORS[:, :5]),
    }
    assert len(hashes) == 6


def test_another_process_places_a_prompt_the_same(home: str) -> None:
    code = (
        "import sys, numpy; from tasks.topics.taxonomy import load; from tasks.topics.assign import place;"
        "from tasks.vectors.grid import to_grid;"
        "found = load(sys.argv[1], sys.argv[2]);"
        "position, similarity = place(to_grid(numpy.ones((1, 8))), found.centroids, -1);"
        "print(found.topic_ids[position[0]], similarity[0])"
    )
    command = [sys.executable, "-c", code, home, TAXONOMY.taxonomy_id]
    printed = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT).stdout.split()
    cosines = TAXONOMY.centroids.sum(axis=1) / np.linalg.norm(TAXONOMY.centroids, axis=1) / np.sqrt(8)
    assert int(printed[0]) == TAXONOMY.topic_ids[cosines.argmax()]
    assert float(printed[1]) == pytest.approx(cosines.max(), abs=2e-4)


def test_another_fit_has_a_folder_of_its_own(home: str) -> None:
    other = replace(TAXONOMY, taxonomy_id="ba9876543210", seed=43)
    save(home, other)
    assert load(home, TAXONOMY.taxonomy_id).seed == 42
    assert load(home, other.taxonomy_id).seed == 43
