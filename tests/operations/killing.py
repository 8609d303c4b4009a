"""Workers whose runs start in place, and kill -9 of them and their runs, which have sessions of their own."""

import os
import signal
import subprocess
from contextlib import suppress
from pathlib import Path

from tests.places import ROOT

# As `prefect deploy` sets it; with a path instead, each run gets a copy of the folder, .venv and all.
IN_PLACE = {"prefect.deployments.steps.set_working_directory": {"directory": str(ROOT)}}


def kill_tree(process: "subprocess.Popen[bytes]") -> None:
    """Kill a process and its descendants, and wait until it is gone."""
    for pid in [process.pid, *_descendants(process.pid)]:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    process.wait()


def _descendants(pid: int) -> list[int]:
    """Children are listed for the thread that started them."""
    lists = [path.read_text() for path in Path(f"/proc/{pid}/task").glob("*/children")]
    children = [int(child) for text in lists for child in text.split()]
    return children + [found for child in children for found in _descendants(child)]
