"""Processes that have all modules when they start: copies of one that has only imported them.

From nothing, a run imports for 10 s and more. Where the start itself is tested, processes begin so.
"""

import multiprocessing
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from multiprocessing.context import ForkServerContext
from multiprocessing.process import BaseProcess
from pathlib import Path
from subprocess import CompletedProcess
from typing import TextIO

from prefect.settings import PREFECT_API_URL, temporary_settings

from flows import cli
from tests.places import ROOT

# The command first: what it sets in the environment is read when Prefect is imported.
_MODULES = (
    "flows.cli",
    "flows.build",
    "flows.refresh",
    "great_expectations",
    "tasks.topics.fit",
    "bpe_openai",  # reads all its vocabularies, in more than a second
    __name__,
)
_BOUND = 600  # seconds

Command = Callable[..., CompletedProcess[str]]
Begin = Callable[..., BaseProcess]


def forks() -> ForkServerContext:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(list(_MODULES))
    return context


def start_command(
    arguments: Sequence[str], environment: Mapping[str, str], api: str, folder: Path
) -> BaseProcess:
    """Begin the command against a Prefect server; what it says goes to the files `stdout` and `stderr`."""
    process = forks().Process(target=_main, args=(arguments, environment, api, folder))
    process.start()
    return process


def ended(process: BaseProcess, folder: Path) -> CompletedProcess[str]:
    """How a command ended, once it has, and what it said."""
    process.join(_BOUND)
    assert process.exitcode is not None, "still running"
    said = ((folder / name).read_text() for name in ("stdout", "stderr"))
    return CompletedProcess(process.name, process.exitcode, *said)


def say_into(file: Path, stream: TextIO) -> None:
    """Have a stream of this process, and of those that it starts, written to a file."""
    os.dup2(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), stream.fileno())


def _main(arguments: Sequence[str], environment: Mapping[str, str], api: str, folder: Path) -> None:
    say_into(folder / "stdout", sys.stdout)
    say_into(folder / "stderr", sys.stderr)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(ROOT)
    sys.argv = ["evergreen", *arguments]
    # A copy has the settings of what it was copied from, whatever its environment says.
    with temporary_settings({PREFECT_API_URL: api}):
        cli.main()
