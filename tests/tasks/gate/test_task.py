"""The gate itself: what it keeps, what it shows, what it stops, and what it must not tell."""

import logging
import re
import socket
from pathlib import Path
from typing import Any

import pytest
from prefect.exceptions import Abort, CancelledRun, PausedRun

from tasks import warehouse
from tasks.errors import GateRefused
from tasks.gate import docs
from tasks.gate import task as gate_task
from tasks.refs import Ref, Run
from tasks.stage import best_effort

CLEAN = Ref(stage="clean", table="core.prompts", key="eligible", rows=150)
EVERY = [
    Ref(stage=stage, table="any", key=key, rows=1)
    for stage, key in {
        "ingest": "all",
        "clean": "eligible",
        "embed": "static",
        "topics": "tax-1",
        "annotate": "heuristic-1",
        "select": "run-1",
        "release": "rel-1",
    }.items()
]

# Something critical at every boundary, with a prompt's words wherever words are kept.
MANY_FAULTS = """
    delete from raw.rejects where position = 210;
    update raw.conversations set prompt = ' ' where position = 1;
    update core.prompts set char_count = 0;
    update core.vectors set dimensions = 0;
    update core.prompt_topics set similarity = 7;
    update core.topics set name = 'SENTINEL';
    update core.annotations set score = 9;
    update core.topic_scores set is_chosen = false;
    update core.release_prompts set score = 9, prompt = 'SENTINEL mail to sentinel@example.com';
    update core.funnel set row_count = row_count + 1 where stage = 'ingest';
    insert into core.flags select prompt_id, 'toxic', 'SENTINEL' from core.release_prompts;
"""


@pytest.fixture
def run(home: Path) -> Run:
    return Run(id="run-1", home=str(home), seed=42, lock_wait_seconds=5)


@pytest.fixture
def artifacts(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    made: list[dict[str, Any]] = []
    monkeypatch.setattr(
        gate_task, "create_table_artifact", lambda table, **rest: made.append({"table": table, **rest})
    )
    return made


def change(run: Run, statement: str) -> None:
    with warehouse.transaction(run.home) as con:
        con.execute(statement)


def kept(run: Run) -> list[tuple[Any, ...]]:
    with warehouse.transaction(run.home) as con:
        return con.execute("select * exclude (checked_at) from core.checks order by all").fetchall()


def test_good_data_passes_on_its_ref(run: Run, artifacts: list[dict[str, Any]]) -> None:
    assert gate_task.gate.fn(run, CLEAN) == CLEAN
    rows = kept(run)
    assert len(rows) == len(artifacts[0]["table"]) == 10
    assert rows[0] == ("run-1", "clean", "conversations_sighted", "critical", True, 0, [], "none")
    assert artifacts[0]["key"] == "checks-clean"
    assert artifacts[0]["description"] == "10 of 10 checks after clean passed"


def test_a_task_run_is_named_for_the_boundary() -> None:
    assert gate_task.gate.task_run_name.format(ref=CLEAN) == "gate: clean"


def test_a_critical_failure_is_kept_shown_and_stops_the_run(
    run: Run, artifacts: list[dict[str, Any]]
) -> None:
    change(run, "insert into core.flags select 'gone-' || i, 'toxic', '' from range(12) as t (i)")
    with pytest.raises(GateRefused) as caught:
        gate_task.gate.fn(run, CLEAN)
    assert caught.value.exit_code == 3
    assert str(caught.value) == (
        "the gate after clean refused: flags_refer failed for 12 (gone-0, gone-1, gone-10, gone-11, gone-2): "
        f"toxic; see {run.home}/docs/index.html"
    )
    failed = [row for row in kept(run) if not row[4]]
    assert [(row[2], row[5], len(row[6])) for row in failed] == [("flags_refer", 12, 10)]
    assert artifacts[0]["description"] == "9 of 10 checks after clean passed"
    assert "refused</td>" in (Path(run.home) / "docs" / "index.html").read_text()


def test_all_critical_failures_are_in_the_line(run: Run, artifacts: list[dict[str, Any]]) -> None:
    change(run, "delete from core.prompts; delete from core.sightings; delete from core.flags")
    with pytest.raises(
        GateRefused, match=r"conversations_sighted failed for 210 .*; some_eligible failed for 1 "
    ):
        gate_task.gate.fn(run, CLEAN)


def test_a_warning_is_logged_and_goes_on(
    run: Run, artifacts: list[dict[str, Any]], caplog: pytest.LogCaptureFixture
) -> None:
    change(run, "update core.prompts set language = null")
    with caplog.at_level(logging.WARNING, logger="tasks.gate"):
        assert gate_task.gate.fn(run, CLEAN) == CLEAN
    assert [record.getMessage() for record in caplog.records if record.name.startswith("tasks.gate")] == [
        "clean, warning: languages_known failed for 1 (eligible): 150 of 150 have no known language"
    ]
    assert "refused</td>" not in (Path(run.home) / "docs" / "index.html").read_text()


def test_a_gate_that_is_run_again_replaces_its_results(run: Run, artifacts: list[dict[str, Any]]) -> None:
    gate_task.gate.fn(run.model_copy(update={"id": "run-0"}), CLEAN)
    gate_task.gate.fn(run, EVERY[2])
    before = kept(run)
    change(run, "update core.prompts set language = null")
    gate_task.gate.fn(run, CLEAN)
    change(run, "update core.prompts set language = 'en'")
    gate_task.gate.fn(run, CLEAN)
    after = kept(run)
    assert len(after) == len(before) + 10
    assert all(row in after for row in before)
    assert all(row[4] for row in after)


def test_a_passing_fault_of_the_disk_is_tried_again_without_a_trace(
    run: Run, artifacts: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(docs, "add_page", fail)
        with pytest.raises(OSError, match="No space"):
            gate_task.gate.fn(run, CLEAN)
    assert kept(run) == artifacts == []
    assert gate_task.gate.retries == 1
    assert gate_task.gate.fn(run, CLEAN) == CLEAN
    assert len(kept(run)) == 10


def test_what_cannot_be_shown_does_not_stop_a_good_run(
    run: Run, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("SENTINEL")

    monkeypatch.setattr(gate_task, "create_table_artifact", fail)
    with caplog.at_level(logging.WARNING):
        assert gate_task.gate.fn(run, CLEAN) == CLEAN
    assert "showing the checks after clean failed: RuntimeError; going on without" in caplog.messages
    assert "SENTINEL" not in caplog.text
    change(run, "insert into core.flags values ('gone', 'toxic', '')")
    with pytest.raises(GateRefused):
        gate_task.gate.fn(run, CLEAN)


@pytest.mark.parametrize("signal", [KeyboardInterrupt, CancelledRun, PausedRun, Abort])
def test_an_end_or_a_pause_of_the_run_gets_through(signal: type[BaseException]) -> None:
    with pytest.raises(signal), best_effort("showing"):
        raise signal


def test_no_prompt_text_leaves_the_warehouse(run: Run, artifacts: list[dict[str, Any]]) -> None:
    change(run, MANY_FAULTS)
    for ref in EVERY:
        with pytest.raises(GateRefused) as caught:
            gate_task.gate.fn(run, ref)
        assert "SENTINEL" not in str(caught.value)
    assert "SENTINEL" not in str(artifacts)
    assert "SENTINEL" not in str(kept(run))
    pages = [path for path in (Path(run.home) / "docs").rglob("*") if path.is_file()]
    assert len([path for path in pages if path.suffix == ".html"]) == 1 + len(EVERY)
    assert not [path for path in pages if b"SENTINEL" in path.read_bytes()]


def test_pages_need_nothing_from_elsewhere(run: Run) -> None:
    for ref in EVERY:
        gate_task.check(run, ref)
    folder = Path(run.home) / "docs"
    index = (folder / "index.html").read_text()
    links = re.findall(r'<a href="(.*?)"', index)
    assert len(links) == len(EVERY)
    for link in links:
        page = (folder / link).read_text()
        assert "(prompt_ids_unique, critical)" in page or "/clean/" not in link
        assert not re.search(r"<script|<link|<img|https?://", page)
        assert ((folder / link).parent / "../../../../index.html").resolve() == (
            folder / "index.html"
        ).resolve()
    assert not re.search(r"<script|<link|<img|https?://", index)


def test_the_newest_results_are_kept_and_listed(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(3):
        gate_task.check(run.model_copy(update={"id": f"run-{number}"}), CLEAN)
    monkeypatch.setattr(docs, "LISTED_RESULTS", 2)
    gate_task.check(run.model_copy(update={"id": "run-2"}), EVERY[0])
    folder = Path(run.home) / "docs"
    listed = re.findall(r"<td>(run-\d)</td>", (folder / "index.html").read_text())
    assert listed == ["run-2", "run-2"]
    for kind in ("results", "validations"):
        runs = sorted(str(path.relative_to(folder / kind)) for path in folder.glob(f"{kind}/*/*"))
        assert runs == ["clean/run-2", "ingest/run-2"]
        assert len([path for path in (folder / kind).glob("*/*/*/*") if path.is_file()]) == 2


def test_nobody_is_called_and_nothing_is_printed(
    run: Run, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("a connection was opened")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    gate_task.check(run, CLEAN)
    assert capfd.readouterr() == ("", "")
