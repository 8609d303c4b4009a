"""Shards: each vector is computed once, and what an interrupted run left is made good."""

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from tasks import warehouse
from tasks.embed.task import embed
from tasks.errors import EvergreenError
from tasks.refs import Ref, Run
from tasks.settings import EmbedSettings, LlmSettings
from tasks.vectors.shards import load, shard_folder
from tests.tasks.prompts import add_prompts

IDS = [f"{number:02d}" for number in range(25)]
WORDS = ("bread", "chess", "integral", "poem", "garden")
LLM = LlmSettings()
SETTINGS = EmbedSettings(shard_rows=10)
DIMENSIONS = 256


@pytest.fixture
def run(home_of: Callable[[Mapping[str, str]], Run]) -> Run:
    return home_of({i: f"write about {WORDS[int(i) % 5]} and number{i}" for i in IDS})


def shards_of(run: Run, ref: Ref) -> dict[str, tuple[int, int]]:
    """Each shard's inode and time of change: a rewritten file has others."""
    files = shard_folder(run.home, ref.key).iterdir()
    return {file.name: (file.stat().st_ino, file.stat().st_mtime_ns) for file in files}


def known(run: Run) -> pl.DataFrame:
    with warehouse.transaction(run.home) as con:
        return con.sql("select shard, row_count, dimensions from core.vectors order by shard").pl()


def test_every_eligible_prompt_gets_a_vector(run: Run, eligible: Ref) -> None:
    ref = embed.fn(run, eligible, SETTINGS, LLM)
    assert (ref.stage, ref.rows) == ("embed", 25)
    assert known(run).rows() == [
        ("00.parquet", 10, DIMENSIONS),
        ("10.parquet", 10, DIMENSIONS),
        ("20.parquet", 5, DIMENSIONS),
    ]
    assert load(run.home, ref.key, IDS).shape == (25, DIMENSIONS)
    assert set(shards_of(run, ref)) == {"00.parquet", "10.parquet", "20.parquet"}  # no half-written file


def test_a_prompt_with_a_flag_gets_none(run: Run, eligible: Ref) -> None:
    flag = pl.DataFrame({"prompt_id": ["03"], "rule": ["toxic"], "evidence": ["source"]})
    with warehouse.transaction(run.home) as con:
        warehouse.run(con, "clean/add_flags", {}, {"flags": flag})
    ref = embed.fn(run, eligible, SETTINGS, LLM)
    assert ref.rows == 24
    with pytest.raises(EvergreenError, match="1 prompts have no vector"):
        load(run.home, ref.key, ["02", "03"])


def test_a_second_run_writes_nothing(run: Run, eligible: Ref) -> None:
    first = embed.fn(run, eligible, SETTINGS, LLM)
    before = shards_of(run, first)
    assert embed.fn(run, eligible, SETTINGS, LLM) == first
    assert shards_of(run, first) == before


def test_a_lost_shard_alone_is_made_again(run: Run, eligible: Ref) -> None:
    ref = embed.fn(run, eligible, SETTINGS, LLM)
    before, vectors = shards_of(run, ref), load(run.home, ref.key, IDS)
    (shard_folder(run.home, ref.key) / "10.parquet").unlink()
    embed.fn(run, eligible, SETTINGS, LLM)
    after = shards_of(run, ref)
    assert {name for name in after if after[name] != before[name]} == {"10.parquet"}
    np.testing.assert_array_equal(load(run.home, ref.key, IDS), vectors)


def test_a_shard_that_no_record_vouches_for_is_made_again(run: Run, eligible: Ref) -> None:
    ref = embed.fn(run, eligible, SETTINGS, LLM)
    vectors = load(run.home, ref.key, IDS)
    with warehouse.transaction(run.home) as con:
        con.execute("delete from core.vectors where shard != '00.parquet'")
    (shard_folder(run.home, ref.key) / ".20.parquet.building").write_bytes(b"cut off")
    # Larger shards leave the old 20.parquet behind, whose prompts are in two shards then.
    embed.fn(run, eligible, EmbedSettings(shard_rows=20), LLM)
    assert known(run).rows() == [("00.parquet", 10, DIMENSIONS), ("10.parquet", 15, DIMENSIONS)]
    np.testing.assert_array_equal(load(run.home, ref.key, IDS), vectors)


def test_prompts_that_come_later_are_embedded_alone_and_a_text_has_one_vector(
    run: Run, eligible: Ref
) -> None:
    first = embed.fn(run, eligible, SETTINGS, LLM)
    before, vectors = shards_of(run, first), load(run.home, first.key, IDS)
    add_prompts(run, {"77": f"write about {WORDS[7 % 5]} and number07", "78": "a poem"})
    second = embed.fn(run, eligible, SETTINGS, LLM)
    assert (second.key, second.rows) == (first.key, 27)
    after = shards_of(run, second)
    assert before.items() <= after.items()
    assert after.keys() - before.keys() == {"77.parquet"}
    np.testing.assert_array_equal(load(run.home, first.key, IDS), vectors)
    np.testing.assert_array_equal(load(run.home, first.key, ["07"]), load(run.home, first.key, ["77"]))


def test_vectors_come_in_the_order_asked_for(run: Run, eligible: Ref) -> None:
    ref = embed.fn(run, eligible, SETTINGS, LLM)
    np.testing.assert_array_equal(load(run.home, ref.key, IDS[::-1]), load(run.home, ref.key, IDS)[::-1])


def test_an_unknown_embedder_has_no_vectors(tmp_path: Path) -> None:
    with pytest.raises(EvergreenError, match="no vectors of other"):
        load(str(tmp_path), "other", ["00"])
