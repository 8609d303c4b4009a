"""With `refit` off, new prompts get vectors of the last fitted embedder, whatever became of that run."""

import logging
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from tasks import warehouse
from tasks.embed.saved import embedder_file
from tasks.embed.task import embed
from tasks.embed.vectors import load, shard_folder
from tasks.errors import InputError
from tasks.refs import Ref, Run
from tasks.settings import EmbedSettings, LlmSettings
from tests.tasks.conftest import PROMPTS

LLM = LlmSettings()
WORDS = ("bread", "chess", "integral", "poem", "garden")
OLD = {f"{n:02d}": f"write about {WORDS[n % 5]} and number{n}" for n in range(25)}
NEW = {f"{n:02d}": f"a poem of {WORDS[n % 5]} in number{n - 30}" for n in range(30, 42)}
REFIT = EmbedSettings(dimensions=6, shard_rows=10)
KEEP = EmbedSettings(dimensions=6, shard_rows=10, refit=False)


@pytest.fixture
def run(home_of: Callable[[Mapping[str, str]], Run]) -> Run:
    return home_of(OLD)


def arrive(run: Run, prompts: Mapping[str, str] = NEW) -> None:
    rows = [(prompt_id, text, "en", None) for prompt_id, text in prompts.items()]
    frame = pl.DataFrame(rows, schema=PROMPTS, orient="row")
    with warehouse.transaction(run.home) as con:
        warehouse.run(con, "clean/add_prompts", {"run_id": "run-2"}, {"prompts": frame})


def forget(run: Run, table: str) -> None:
    with warehouse.transaction(run.home) as con:
        con.execute(f"delete from core.{table}")


def inodes(run: Run, ref: Ref) -> dict[str, int]:
    return {path.name: path.stat().st_ino for path in shard_folder(run.home, ref.key).glob("*.parquet")}


def test_only_new_prompts_are_embedded_by_the_embedder_that_is_there(run: Run, eligible: Ref) -> None:
    first = embed.fn(run, eligible, REFIT, LLM)
    before, vectors = inodes(run, first), load(run.home, first.key, list(OLD))
    arrive(run)
    second = embed.fn(run, eligible, KEEP, LLM)
    assert (second.key, second.rows) == (first.key, 37)
    assert before.items() <= inodes(run, second).items()
    np.testing.assert_array_equal(load(run.home, first.key, list(OLD)), vectors)
    assert (np.linalg.norm(load(run.home, first.key, list(NEW)), axis=1) > 0.99).all()


def test_a_new_prompt_with_the_words_of_an_old_one_has_its_vector(run: Run, eligible: Ref) -> None:
    ref = embed.fn(run, eligible, REFIT, LLM)
    arrive(run, {"77": OLD["07"].upper()})
    embed.fn(run, eligible, KEEP, LLM)
    old, new = load(run.home, ref.key, ["07", "77"])
    np.testing.assert_array_equal(old, new)


def test_by_default_new_prompts_are_a_new_fit(run: Run, eligible: Ref) -> None:
    first = embed.fn(run, eligible, REFIT, LLM)
    arrive(run)
    second = embed.fn(run, eligible, REFIT, LLM)
    assert second.key != first.key
    arrive(run, {"80": "bread and chess"})
    assert embed.fn(run, eligible, KEEP, LLM).key == second.key  # the last one counts


def test_a_fit_that_is_asked_for_again_is_the_last_one(run: Run, eligible: Ref) -> None:
    first = embed.fn(run, eligible, REFIT, LLM)
    arrive(run)
    embed.fn(run, eligible, REFIT, LLM)
    with warehouse.transaction(run.home) as con:
        con.execute("delete from core.prompts where run_id = 'run-2'")
    assert embed.fn(run, eligible, REFIT, LLM) == first
    arrive(run)
    assert embed.fn(run, eligible, KEEP, LLM).key == first.key


def test_without_one_an_embedder_is_fitted_and_the_log_says_so(
    run: Run, eligible: Ref, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "tasks.embed.task"):
        ref = embed.fn(run, eligible, KEEP, LLM)
    assert "no embedder of 6 dimensions is saved for this version: fitting one" in caplog.text
    assert ref == embed.fn(run, eligible, REFIT, LLM)


def test_one_of_other_dimensions_or_another_version_is_not_used(run: Run, eligible: Ref) -> None:
    first = embed.fn(run, eligible, REFIT, LLM)
    arrive(run)
    assert embed.fn(run, eligible, EmbedSettings(dimensions=4, refit=False), LLM).key != first.key
    with warehouse.transaction(run.home) as con:
        con.execute("update core.embedders set library = 'of last year'")
    assert embed.fn(run, eligible, KEEP, LLM).key != first.key


def test_a_damaged_one_stops_the_run_that_needs_it_until_it_is_deleted(run: Run, eligible: Ref) -> None:
    ref = embed.fn(run, eligible, REFIT, LLM)
    path = embedder_file(run.home, ref.key)
    path.write_bytes(path.read_bytes()[:-100])
    arrive(run)
    with pytest.raises(InputError, match=f"{path}.*damaged.*delete it to fit anew"):
        embed.fn(run, eligible, KEEP, LLM)
    path.unlink()
    assert embed.fn(run, eligible, KEEP, LLM).key != ref.key


def test_a_damaged_one_is_fitted_again_where_a_fit_is_wanted(
    run: Run, eligible: Ref, caplog: pytest.LogCaptureFixture
) -> None:
    ref = embed.fn(run, eligible, REFIT, LLM)
    path = embedder_file(run.home, ref.key)
    whole = path.read_bytes()
    path.write_bytes(whole[:-100])
    assert embed.fn(run, eligible, REFIT, LLM) == ref
    assert path.read_bytes() == whole
    assert "fitting it again" in caplog.text


@pytest.mark.parametrize("settings", [REFIT, KEEP], ids=["refit", "keep"])
@pytest.mark.parametrize(
    "lost", [("vectors", "embedders"), ("vectors",)], ids=["before the record", "after it"]
)
def test_a_run_killed_between_save_and_shards_goes_on(
    run: Run, eligible: Ref, lost: tuple[str, ...], settings: EmbedSettings
) -> None:
    ref = embed.fn(run, eligible, REFIT, LLM)
    vectors = load(run.home, ref.key, list(OLD))
    saved = embedder_file(run.home, ref.key).stat().st_ino
    shutil.rmtree(shard_folder(run.home, ref.key))
    for table in lost:
        forget(run, table)
    assert embed.fn(run, eligible, settings, LLM) == ref
    np.testing.assert_array_equal(load(run.home, ref.key, list(OLD)), vectors)
    assert embedder_file(run.home, ref.key).stat().st_ino == saved  # not fitted again


KILLED = """
import os, signal, sys
from tasks.embed import task
from tasks.refs import Ref, Run
from tasks.settings import EmbedSettings, LlmSettings

task._write_shard = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
run = Run(id="run-1", home=sys.argv[1], seed=42, lock_wait_seconds=5)
prompts = Ref(stage="clean", table="core.prompts", key="eligible", rows=0)
task.embed.fn(run, prompts, EmbedSettings(dimensions=6, shard_rows=10), LlmSettings())
"""


def test_an_embedder_of_a_killed_process_is_used(run: Run, eligible: Ref, tmp_path: Path) -> None:
    killed = subprocess.run([sys.executable, "-c", KILLED, run.home], env=os.environ, check=False)
    assert killed.returncode == -signal.SIGKILL
    [file] = (Path(run.home) / "embedders").glob("*/*.parquet")
    saved = file.stat().st_ino
    arrive(run)
    ref = embed.fn(run, eligible, KEEP, LLM)
    assert (ref.key, ref.rows) == (file.parent.name, 37)
    assert file.stat().st_ino == saved
    assert load(run.home, ref.key, [*OLD, *NEW]).shape == (37, 6)
