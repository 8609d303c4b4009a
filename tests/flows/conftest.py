"""The command, run in a process of its own, and homes that flows have built."""

import os
from collections.abc import Iterator
from multiprocessing.process import BaseProcess
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from tasks.config import load, override
from tasks.settings import Settings
from tests.flows import homes
from tests.flows.forks import Begin, Command, ended, start_command
from tests.flows.homes import Built
from tests.flows.weeks import ASKED, Weeks, spend
from tests.once import once
from tests.places import PROFILE


@pytest.fixture(scope="session")
def begin(server: str) -> Iterator[Begin]:
    """Begins the command against the server; what it says goes to `stdout` and `stderr` in a folder."""
    begun: list[BaseProcess] = []

    def start(folder: Path, *arguments: object, **environment: str) -> BaseProcess:
        folder.mkdir(exist_ok=True)
        begun.append(start_command([*map(str, arguments)], {**os.environ, **environment}, server, folder))
        return begun[-1]

    yield start
    for process in begun:
        process.kill()  # nothing, unless a test has failed


@pytest.fixture(scope="session")
def command(begin: Begin, tmp_path_factory: pytest.TempPathFactory) -> Command:
    """Runs the command in a process of its own, to its end."""

    def run(*arguments: object, **environment: str) -> CompletedProcess[str]:
        folder = tmp_path_factory.mktemp("command")
        return ended(begin(folder, *arguments, **environment), folder)

    return run


@pytest.fixture(scope="session")
def demo_settings() -> Settings:
    return load(str(PROFILE))


@pytest.fixture(scope="session")
def weeks(server: str, demo_settings: Settings, shared: Path) -> Weeks:
    """A home after four weekly refreshes."""
    settings = override(demo_settings, **ASKED)
    folder = once(shared / "weeks", lambda folder: spend(folder, settings))
    return Weeks(folder, folder / "home", settings)


@pytest.fixture(scope="session")
def demo(server: str, demo_settings: Settings, shared: Path) -> Built:
    """The demo, built once."""
    home = once(shared / "demo", lambda home: homes.build_demo(home, demo_settings))
    return Built(home, demo_settings)
