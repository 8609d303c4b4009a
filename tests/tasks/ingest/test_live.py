"""Live sources: only what is new is read, and a source that fails loses no other."""

import json
import logging
import os
import time
from pathlib import Path
from typing import Any

import pytest

from tasks.errors import EvergreenError, InputError
from tasks.ingest import task
from tasks.ingest.task import ingest, ingest_live
from tasks.refs import Run
from tasks.settings import IngestSettings, RefreshSettings
from tests.plugins.homes import fetch

SECRET = "http://zoe:hunter2@127.0.0.1:9/a.jsonl?signature=xyz"


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    return tmp_path / "logs"


def write(root: Path, name: str, *prompts: str, age: float = 3600) -> None:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps({"prompt": prompt}) + "\n" for prompt in prompts))
    os.utime(path, (time.time() - age,) * 2)


def look(run: Run, *sources: object, run_id: str = "run-1", **asked: Any) -> int:
    live = RefreshSettings(sources=tuple(map(str, sources)), retry_seconds=0, **asked)
    rows: int = ingest_live.fn(run.model_copy(update={"id": run_id}), IngestSettings(), live).rows
    return rows


def checks(run: Run, run_id: str = "run-1") -> list[tuple[Any, ...]]:
    return fetch(
        run.home,
        "select outcome, file_count, new_file_count from raw.source_checks "
        f"where run_id = '{run_id}' order by source",
    )


def test_new_late_and_rewritten_files_are_read_and_old_partitions_are_left_alone(
    run: Run, logs: Path
) -> None:
    for day in ("01", "12", "19"):
        write(logs, f"dt=2026-11-{day}/a.jsonl", f"asked on {day}")
    assert look(run, logs) == 3
    assert look(run, logs, run_id="run-2") == 3
    write(logs, "dt=2026-11-20/a.jsonl", "new")
    write(logs, "dt=2026-11-14/late.jsonl", "late", "late too")
    write(logs, "dt=2026-11-12/a.jsonl", "written again", "and longer")
    write(logs, "dt=2026-11-01/late.jsonl", "too late")
    assert look(run, logs, run_id="run-3") == 3 + 1 + 2 + 1
    assert [checks(run, f"run-{n}") for n in (1, 2, 3)] == [
        [("new", 3, 3)],
        [("nothing", 2, 0)],
        [("new", 4, 3)],
    ]
    assert not fetch(run.home, "select 1 from raw.conversations where prompt in ('too late', 'asked on 12')")


def test_what_a_build_has_read_is_not_read_again(run: Run, logs: Path) -> None:
    write(logs, "a.jsonl", "one")
    ingest.fn(run, [str(logs)], IngestSettings())
    write(logs, "b.jsonl", "two")
    assert look(run, logs) == 2
    assert checks(run) == [("new", 2, 1)]


def test_a_source_that_fails_is_noted_without_its_secrets_and_loses_no_other(
    run: Run, logs: Path, caplog: pytest.LogCaptureFixture
) -> None:
    write(logs, "a.jsonl", "one")
    with caplog.at_level(logging.INFO):
        assert look(run, SECRET, logs / "absent", logs) == 1
    assert checks(run) == [("new", 1, 1), ("failed", 0, 0), ("failed", 0, 0)]
    [(kept,)] = fetch(
        run.home, "select string_agg(source || detail) from raw.source_checks where outcome = 'failed'"
    )
    assert "http://127.0.0.1:9/a.jsonl?" in kept
    assert "no such file, folder or bucket" in kept
    assert not [word for word in ("zoe", "hunter2", "xyz") if word in kept + caplog.text]


def test_a_source_that_failed_is_looked_at_from_its_last_success_on(run: Run, logs: Path) -> None:
    write(logs, "dt=2026-11-01/a.jsonl", "one")
    write(logs, "dt=2026-11-10/a.jsonl", "two")
    assert look(run, logs) == 2
    logs.rename(logs.with_name("away"))
    with pytest.raises(InputError, match="every source failed"):
        look(run, logs, run_id="run-2")
    logs.with_name("away").rename(logs)
    write(logs, "dt=2026-11-05/late.jsonl", "three")
    assert look(run, logs, run_id="run-3") == 3
    lag = fetch(run.home, "select outcome, detail, new_at is not null, file_count from out.source_lag")
    assert lag == [("new", "", True, 3)]


def test_all_sources_failed_is_an_error_that_says_whether_to_wait(run: Run, logs: Path) -> None:
    with pytest.raises(InputError, match=r"every source failed: .*absent: no such file.*gone: no such file"):
        look(run, logs / "absent", logs / "gone")
    with pytest.raises(EvergreenError, match="every source failed") as caught:
        look(run, logs / "absent", SECRET, attempts=1, run_id="run-2")
    assert not isinstance(caught.value, InputError)
    assert checks(run, "run-2") == [("failed", 0, 0)] * 2


def test_a_source_that_breaks_off_is_tried_again_and_goes_on_where_it_was(
    run: Run, logs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(logs, "a.jsonl", "one")
    write(logs, "b.jsonl", "two")
    plain, opened = task.read_records, []

    def breaks_once(raw: Any, *args: Any) -> Any:
        opened.append(raw)
        if len(opened) == 2:
            raise task.SourceError("b.jsonl: reading broke off")
        return plain(raw, *args)

    monkeypatch.setattr(task, "read_records", breaks_once)
    assert look(run, logs) == 2
    assert checks(run) == [("new", 2, 2)]
    assert len(opened) == 3


def test_a_file_that_is_still_written_to_is_left_for_the_next_time(run: Run, logs: Path) -> None:
    write(logs, "a.jsonl", "one")
    write(logs, "b.jsonl", "half of", age=5)
    assert look(run, logs) == 1
    [(detail,)] = fetch(run.home, "select detail from raw.source_checks")
    assert detail == "1 still being written, left for the next time (refresh.settle_seconds)"
    write(logs, "b.jsonl", "half of", "a file")
    assert look(run, logs, run_id="run-2") == 3


def test_what_is_left_for_the_next_time_is_a_warning_and_a_named_file_an_error(
    run: Run, logs: Path, caplog: pytest.LogCaptureFixture
) -> None:
    write(logs, "a.jsonl", "one", age=5)
    with pytest.raises(InputError, match=f"nothing to begin with: {logs}: 1 still being written"):
        look(run, logs)
    write(logs, "b.jsonl", "two")
    look(run, logs)
    [warning] = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING][-1:]
    assert warning.startswith(f"{logs}: 1 new files, and 1 still being written")
    with pytest.raises(
        InputError, match=r"a.jsonl: was written to just now.*EVERGREEN_REFRESH__SETTLE_SECONDS"
    ):
        look(run, logs / "a.jsonl", run_id="run-2")
    assert look(run, logs / "a.jsonl", run_id="run-2", settle_seconds=0) == 2


@pytest.mark.parametrize("name", ["", "notes.txt"])
def test_nothing_to_begin_with_names_the_source(run: Run, logs: Path, name: str) -> None:
    logs.mkdir()
    if name:
        write(logs, name, "one")
    with pytest.raises(InputError, match=f"{logs}: nothing there that can be read. Files end in .jsonl"):
        look(run, logs)


def test_a_file_that_changes_while_it_is_read_is_left_for_the_next_time(
    run: Run, logs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(logs, "a.jsonl", "one")
    plain = task.read_records

    def with_a_writer(*args: Any) -> Any:
        yield from plain(*args)
        write(logs, "a.jsonl", "one", "two")

    monkeypatch.setattr(task, "read_records", with_a_writer)
    with pytest.raises(InputError, match="nothing to begin with"):
        look(run, logs)
    assert fetch(run.home, "select count(*) from raw.conversations") == [(0,)]
    monkeypatch.undo()
    assert look(run, logs, run_id="run-2") == 2


def test_nothing_new_is_said(run: Run, logs: Path, caplog: pytest.LogCaptureFixture) -> None:
    write(logs, "a.jsonl", "one")
    look(run, logs)
    with caplog.at_level(logging.INFO):
        look(run, logs, run_id="run-2")
    assert "nothing is new in 1 sources" in caplog.messages


def test_what_settings_write_down_has_no_secrets() -> None:
    settings = RefreshSettings(sources=(SECRET, "s3://logs/chat?"))
    assert settings.model_dump()["sources"][0] == SECRET
    written = settings.model_dump_json()
    assert "http://127.0.0.1:9/a.jsonl?" in written
    assert "hunter2" not in written


def test_the_lag_of_a_source_is_the_age_of_its_newest_file(run: Run, logs: Path) -> None:
    write(logs, "a.jsonl", "one", age=7200)
    look(run, logs)
    [(lag, source)] = fetch(run.home, "select round(lag_hours, 1), source from out.source_lag")
    assert lag == pytest.approx(2, abs=0.1)
    assert source == str(logs)


def test_a_run_that_is_tried_again_has_one_check_a_source(run: Run, logs: Path) -> None:
    write(logs, "a.jsonl", "one")
    look(run, logs)
    look(run, logs, logs)
    assert checks(run) == [("nothing", 1, 0)]
