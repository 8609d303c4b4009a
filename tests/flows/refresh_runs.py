"""Refreshes in processes of their own, which may be killed."""

import os
import signal
import sys
import time
from collections.abc import Callable
from multiprocessing.process import BaseProcess
from pathlib import Path

from prefect.settings import PREFECT_API_URL, temporary_settings

from flows.refresh import refresh
from tasks.errors import EvergreenError
from tasks.settings import Settings
from tests.flows.forks import forks, say_into

_BOUND = 120  # seconds that anything here may take


def refresh_logged(source: str, home: str, settings: Settings, log: Path, api: str) -> None:
    """Refresh, with all that goes to stderr in a file; exits as the command does."""
    say_into(log, sys.stderr)
    try:
        # A process that is forked has no settings of its parent's, and would start a server of its own.
        with temporary_settings({PREFECT_API_URL: api}):
            refresh((source,), home, settings)
    except EvergreenError as error:
        sys.stderr.write(f"evergreen: {error}\n")
        sys.exit(error.exit_code)


def start(home: Path, source: Path, settings: Settings, log: Path) -> BaseProcess:
    """Begin a refresh in another process."""
    process = forks().Process(
        target=refresh_logged,
        args=(str(source), str(home), settings, log, PREFECT_API_URL.value()),
        daemon=True,
    )
    process.start()
    return process


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
