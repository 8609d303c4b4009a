"""One real Prefect server for all flows, and one built demo that several tests look at."""

import os
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from prefect.settings import (
    PREFECT_API_URL,
    PREFECT_DEPLOYMENT_CONCURRENCY_SLOT_WAIT_SECONDS,
    PREFECT_UI_URL,
    temporary_settings,
)
from prefect.testing.utilities import prefect_test_harness

from flows.build import build
from tasks.config import load
from tasks.settings import Settings
from tests.flows.forks import ROOT, run_command
from tests.flows.notified import Told, listening

SAMPLE = ROOT / "deploy" / "demo" / "conversations.jsonl"

Command = Callable[..., subprocess.CompletedProcess[str]]


@dataclass(frozen=True)
class Built:
    """A home with a release of the demo in it."""

    home: Path
    release: Path
    settings: Settings


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """The API of a Prefect server on loopback."""
    # A run that waits for its turn asks again soon; the server knows where its UI would be.
    changed = {PREFECT_DEPLOYMENT_CONCURRENCY_SLOT_WAIT_SECONDS: 1, PREFECT_UI_URL: "http://127.0.0.1:4200"}
    with temporary_settings(changed), prefect_test_harness(server_startup_timeout=120):
        yield PREFECT_API_URL.value()


@pytest.fixture(scope="session")
def command(server: str, tmp_path_factory: pytest.TempPathFactory) -> Command:
    """Runs the command in a process of its own, against the server."""

    def run(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
        said = tmp_path_factory.mktemp("command")
        return run_command([*map(str, arguments)], {**os.environ, **environment}, server, said)

    return run


@pytest.fixture
def told() -> Iterator[Told]:
    with listening() as told:
        yield told


@pytest.fixture(scope="session")
def demo_settings() -> Settings:
    return load(str(ROOT / "deploy" / "demo" / "evergreen.toml"))


@pytest.fixture(scope="session")
def demo(server: str, demo_settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Built:
    """The demo, built once."""
    home = tmp_path_factory.mktemp("demo")
    release = build([str(SAMPLE)], str(home), demo_settings)
    return Built(home, home / "releases" / release.key, demo_settings)
