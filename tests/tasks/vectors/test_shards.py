"""Shards are read one at a time; one that can't be used is named, with what to do."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from tasks.errors import EvergreenError, InputError
from tasks.vectors.grid import to_grid
from tasks.vectors.shards import blocks, from_version_0_1, load, read_ids, read_shard, shard_folder, to_frame

IDS = [f"{number:02d}" for number in range(12)]
VECTORS = to_grid(np.random.default_rng(1).normal(size=(12, 4)))


@pytest.fixture
def home(tmp_path: Path) -> str:
    """Three shards of five, five and two prompts."""
    for name, rows in {"a": slice(0, 5), "b": slice(5, 10), "c": slice(10, 12)}.items():
        write(str(tmp_path), name, IDS[rows], VECTORS[rows])
    return str(tmp_path)


def write(home: str, name: str, ids: list[str], vectors: np.ndarray) -> Path:
    path = shard_folder(home, "e") / f"{name}.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    to_frame(ids, vectors).write_parquet(path)
    return path


def test_vectors_are_those_asked_for_in_the_order_asked_for(home: str) -> None:
    asked = ["11", "03", "07", "00"]
    vectors = load(home, "e", asked)
    assert vectors.dtype == np.float32
    np.testing.assert_array_equal(vectors, VECTORS[[11, 3, 7, 0]])


def test_a_prompt_that_is_asked_for_twice_comes_twice(home: str) -> None:
    np.testing.assert_array_equal(load(home, "e", ["03", "07", "03"]), VECTORS[[3, 7, 3]])


def test_blocks_come_shard_by_shard_with_every_position_once(home: str) -> None:
    asked = IDS[::-1]
    seen = list(blocks(home, "e", asked, 3))
    assert [len(positions) for positions, _ in seen] == [3, 2, 3, 2, 2]
    assert [asked[place] for positions, _ in seen for place in positions] == IDS
    for positions, vectors in seen:
        np.testing.assert_array_equal(vectors, VECTORS[::-1][positions])


def test_of_a_prompt_in_two_shards_the_first_counts(home: str) -> None:
    write(home, "z", ["03", "07"], np.zeros((2, 4), np.float32))
    np.testing.assert_array_equal(load(home, "e", IDS), VECTORS)


def test_no_prompts_have_no_blocks(home: str) -> None:
    assert list(blocks(home, "e", [], 3)) == []
    assert len(load(home, "e", [])) == 0


def test_a_missing_vector_is_noticed_before_the_first_block(home: str) -> None:
    with pytest.raises(EvergreenError, match="2 prompts have no vector of e"):
        next(blocks(home, "e", ["00", "x", "y"], 3))


@pytest.mark.parametrize("value", [0.5, 40_000, np.nan, np.inf, -np.inf])
@pytest.mark.filterwarnings("ignore:invalid value encountered in cast")
def test_a_vector_that_is_not_on_the_grid_is_never_written(value: float) -> None:
    vectors = VECTORS.copy()
    vectors[3, 2] = value
    with pytest.raises(ValueError, match="stored on the grid"):
        to_frame(IDS, vectors)


def test_a_shard_has_whole_numbers_of_two_bytes_and_says_so(home: str) -> None:
    path = shard_folder(home, "e") / "b.parquet"
    assert pl.read_parquet_schema(path)["vector"] == pl.Array(pl.Int16, 4)
    assert from_version_0_1(path) is None


def float_shard(home: str, vectors: np.ndarray) -> Path:
    """A shard as version 0.1 wrote it."""
    path = shard_folder(home, "e") / "b.parquet"
    column = pl.Series("vector", vectors.astype(np.float32), dtype=pl.Array(pl.Float32, 4))
    pl.DataFrame({"prompt_id": IDS[5:10], "vector": column}).write_parquet(path)
    return path


def test_a_shard_of_version_0_1_is_read_onto_the_grid(home: str) -> None:
    frame = from_version_0_1(float_shard(home, VECTORS[5:10] / 2))
    assert frame is not None
    assert frame.equals(to_frame(IDS[5:10], VECTORS[5:10]))


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_value_of_version_0_1_that_is_not_finite_is_refused(home: str, value: float) -> None:
    vectors = VECTORS[5:10].copy()
    vectors[3, 2] = value
    path = float_shard(home, vectors)
    with pytest.raises(InputError, match=f"{path}.*NaN or infinity.*delete the shard"):
        from_version_0_1(path)


def test_a_shard_of_other_dimensions_is_refused(home: str) -> None:
    path = write(home, "c", IDS[10:], VECTORS[10:, :3])
    with pytest.raises(InputError, match=f"{path}: its vectors are not 4 long but 3; delete the shard"):
        load(home, "e", IDS)
    assert load(home, "e", IDS[:10]).shape == (10, 4)  # it is of no matter to the others


@pytest.mark.parametrize("share", [0, 0.01, 0.3, 0.6, 0.9, 0.999])
def test_a_shard_that_was_cut_off_is_refused(home: str, share: float) -> None:
    path = shard_folder(home, "e") / "b.parquet"
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    with pytest.raises(InputError, match=f"{path}: it cannot be read .*delete the shard"):
        load(home, "e", IDS)
    for read in (read_shard, from_version_0_1):
        with pytest.raises(InputError, match=f"{path}"):
            read(path)


@pytest.mark.parametrize("start", range(4, 400, 30))
def test_a_damaged_shard_ends_in_a_clear_error_or_does_no_harm(home: str, start: int) -> None:
    path = shard_folder(home, "e") / "b.parquet"
    content = bytearray(path.read_bytes())
    content[start : start + 8] = b"\xff" * 8
    path.write_bytes(content)
    try:
        vectors = load(home, "e", IDS)
    except InputError as error:
        assert str(path) in str(error)
    except EvergreenError as error:
        assert "have no vector of e" in str(error)  # an id was hit
    else:
        assert vectors.shape == VECTORS.shape


@pytest.mark.parametrize(
    "frame",
    [
        pl.DataFrame({"prompt_id": ["05"], "vector": [[1.0, 2.0]]}),
        pl.DataFrame({"prompt_id": ["05"], "other": [1]}),
        pl.DataFrame({"prompt_id": [5], "vector": [1]}),
        to_frame(["05"], VECTORS[:1]).with_columns(pl.lit(None, pl.Array(pl.Int16, 4)).alias("vector")),
        to_frame(["05"], VECTORS[:1]).cast({"vector": pl.Array(pl.Float32, 4)}),
        to_frame(["05"], VECTORS[:1]).cast({"vector": pl.Array(pl.Float64, 4)}),
    ],
    ids=["lists", "no vectors", "numbers", "null", "float32", "float64"],
)
def test_a_table_that_is_no_shard_is_refused(home: str, frame: pl.DataFrame) -> None:
    path = shard_folder(home, "e") / "b.parquet"
    frame.write_parquet(path)
    with pytest.raises(InputError, match=f"{path}"):
        load(home, "e", ["05"])


def test_ids_are_read_without_the_vectors(home: str) -> None:
    path = shard_folder(home, "e") / "c.parquet"
    assert read_ids(path).to_list() == IDS[10:]
    assert read_shard(path).columns == ["prompt_id", "vector"]
