"""How a run begins and ends, and what its home then tells."""

from pathlib import Path

import duckdb
import orjson
import polars as pl
import pytest

from tasks import warehouse
from tasks.errors import InputError
from tasks.home.summary import latest_release, summarise
from tasks.home.task import finish, start
from tasks.home.under_way import read_note
from tasks.refs import Run
from tasks.settings import Settings
from tests.plugins.homes import run_on


def analysts_see(run: Run, query: str) -> list[tuple[object, ...]]:
    with duckdb.connect(f"{run.home}/{warehouse.ANALYTICS}", read_only=True) as con:
        return con.execute(query).fetchall()


def test_a_run_that_is_done_is_on_record_with_its_settings(tmp_path: Path) -> None:
    run = run_on(tmp_path)  # where nothing has run yet
    start.fn(run, "build", Settings(seed=7))
    finish.fn(run, "done", "")
    ((state, error, seed, took),) = analysts_see(
        run, "select state, error, settings ->> 'seed', seconds from out.runs"
    )
    assert (state, error, seed) == ("done", None, "7")
    assert took >= 0
    assert read_note(run.home) is None


def test_a_run_that_failed_says_why(run: Run) -> None:
    start.fn(run, "build", Settings())
    finish.fn(run, "failed", "no such file: a.jsonl")
    assert analysts_see(run, "select state, error from out.runs") == [("failed", "no such file: a.jsonl")]


def test_an_interrupted_run_ends_without_a_copy_which_takes_a_while(run: Run) -> None:
    start.fn(run, "build", Settings())
    finish.fn(run, "interrupted", "KeyboardInterrupt")
    assert read_note(run.home) is not None  # until a run makes a copy that tells of it
    assert not Path(run.home, warehouse.ANALYTICS).exists()
    later = run.model_copy(update={"id": "run-2"})
    start.fn(later, "build", Settings())
    finish.fn(later, "done", "")
    rows = analysts_see(later, "select run_id, state, error from out.runs order by run_id")
    assert rows == [("run-1", "interrupted", "KeyboardInterrupt"), ("run-2", "done", None)]


def test_a_run_that_was_killed_is_called_interrupted_by_the_next(run: Run) -> None:
    start.fn(run, "build", Settings())
    later = run.model_copy(update={"id": "run-2"})
    start.fn(later, "build", Settings())
    finish.fn(later, "done", "")
    rows = analysts_see(later, "select run_id, state from out.runs order by run_id")
    assert rows == [("run-1", "interrupted"), ("run-2", "done")]


def test_a_reader_of_the_analysts_copy_keeps_it_while_the_next_is_put_in_place(run: Run) -> None:
    start.fn(run, "build", Settings())
    finish.fn(run, "done", "")
    with duckdb.connect(f"{run.home}/{warehouse.ANALYTICS}", read_only=True) as reader:
        warehouse.publish_analytics(run.home)
        assert reader.execute("select count(*) from out.runs").fetchall() == [(1,)]


@pytest.fixture
def released(tmp_path: Path) -> Path:
    folder = tmp_path / "releases" / "rel-1"
    folder.mkdir(parents=True)
    facts = {"release_id": "rel-1", "questions": 1, "topics": 1, "content_sha256": "00", "run_id": "run-1"}
    (folder / "manifest.json").write_bytes(orjson.dumps({**facts, "funnel": [], "settings": {}}))
    pl.DataFrame({"uid": ["a"], "prompt": ["SENTINEL"]}).write_parquet(folder / "questions.parquet")
    (folder.parent / "latest.json").write_bytes(b'{"release_id": "rel-1"}')
    return folder


def test_a_release_is_summed_up_for_a_script_without_its_prompts(released: Path, tmp_path: Path) -> None:
    summary = summarise(str(tmp_path), latest_release(str(tmp_path)))
    assert summary.questions["prompt"].to_list() == ["SENTINEL"]
    facts = summary.as_json()
    assert facts["path"] == str(released)
    assert (facts["release_id"], facts["questions"]) == ("rel-1", 1)
    assert "SENTINEL" not in str(facts)


def test_a_home_without_the_release_asked_for_says_so(released: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no release rel-2"):
        summarise(str(tmp_path), "rel-2")
    with pytest.raises(InputError, match="no release there yet"):
        latest_release(str(tmp_path / "other"))
