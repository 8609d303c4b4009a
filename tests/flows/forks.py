"""Processes that have all modules when they start: copies of one that has only imported them.

From nothing, a run imports for 10 s and more. Where the start itself is tested, processes begin so.
"""

import multiprocessing
import os
import sys
from collections.abc import Mapping, Sequence
from multiprocessing.context import ForkServerContext
from pathlib import Path
from subprocess import CompletedProcess

from prefect.settings import PREFECT_API_URL, temporary_settings

from flows import cli

ROOT = Path(__file__).resolve().parents[2]
# The command first: what it sets in the environment is read when Prefect is imported.
_MODULES = ["flows.cli", "flows.build", "flows.refresh", "great_expectations", "tasks.topics.fit", __name__]
_BOUND = 600  # seconds


def forks() -> ForkServerContext:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(_MODULES)
    return context


def run_command(
    arguments: Sequence[str], environment: Mapping[str, str], api: str, folder: Path
) -> CompletedProcess[str]:
    """Run the command against a Prefect server; what it says is kept in the folder."""
    said = folder / "stdout", folder / "stderr"
    process = forks().Process(target=_main, args=(arguments, environment, api, *said))
    process.start()
    process.join(_BOUND)
    assert process.exitcode is not None, "still running"
    return CompletedProcess(arguments, process.exitcode, *(path.read_text() for path in said))


def _main(
    arguments: Sequence[str], environment: Mapping[str, str], api: str, stdout: Path, stderr: Path
) -> None:
    for path, stream in ((stdout, sys.stdout), (stderr, sys.stderr)):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), stream.fileno())
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(ROOT)
    sys.argv = ["evergreen", *arguments]
    # A copy has the settings of what it was copied from, whatever its environment says.
    with temporary_settings({PREFECT_API_URL: api}):
        cli.main()
