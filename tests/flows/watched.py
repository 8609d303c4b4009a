"""Runs in processes of their own that are watched, and killed at a moment."""

import os
import signal
import time
from collections.abc import Callable
from multiprocessing.process import BaseProcess
from pathlib import Path

from tasks.llm.journal import journal_folder, read_journal

# What a log says when a run is in the midst of a stage, or between two.
STAGES = {
    "start": "View at",
    "ingest": "tasks.ingest.task",
    "clean": "tasks.clean.task",
    "embed": "tasks.embed.task",
    "topics": "tasks.llm.task - topics",
    "screen": "tasks.screen.task",
    "annotate": "tasks.llm.task - annotate",
    "select": "tasks.select.task",
    "release": "tasks.release.task",
    "publish": "Task run 'gate: release'",
    "finish": "Task run 'publish'",
}
_BOUND = 120  # seconds that anything here may take


def finish(process: BaseProcess) -> int:
    """Wait for a process; returns its exit code."""
    process.join(_BOUND)
    assert process.exitcode is not None, "still running"
    return process.exitcode


def wait_until(is_time: Callable[[], bool], process: BaseProcess) -> None:
    """Wait for something that is to be seen while a process runs."""
    deadline = time.monotonic() + _BOUND
    while not is_time():
        assert process.is_alive(), "the run ended before it"
        assert time.monotonic() < deadline, "it did not come"
        time.sleep(0.02)


def kill_when(process: BaseProcess, is_time: Callable[[], bool]) -> None:
    """Kill -9 a process as soon as something is seen."""
    wait_until(is_time, process)
    assert process.pid is not None
    os.kill(process.pid, signal.SIGKILL)
    process.join()


def is_in(log: Path, text: str) -> bool:
    """Whether a log says something by now."""
    return log.is_file() and text in log.read_text(errors="replace")


def releases(home: Path) -> dict[str, bytes]:
    """The questions of each release of a home, by the hash of its content."""
    manifests = sorted((home / "releases").glob("*/manifest.json"))
    return {path.parent.name[11:]: (path.parent / "question.jsonl").read_bytes() for path in manifests}


def journaled(home: Path) -> list[dict[str, object]]:
    """The calls that the journals of a home hold."""
    return [call for path in journal_folder(str(home)).rglob("*.jsonl") for call, _ in read_journal(path)]
