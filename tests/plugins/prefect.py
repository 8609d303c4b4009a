"""One Prefect server for all tests that need one."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.once import held, once

if TYPE_CHECKING:
    from prefect.client.orchestration import SyncPrefectClient

    from tests.flows.llm_home import Eve


@pytest.fixture(scope="session")
def server(shared: Path) -> Iterator[str]:
    """The API of a Prefect server on loopback, which is that of this process too."""
    # Here, since most tests need no Prefect, and importing it takes a second.
    from prefect.settings import (
        PREFECT_API_URL,
        PREFECT_DEPLOYMENT_CONCURRENCY_SLOT_WAIT_SECONDS,
        temporary_settings,
    )

    from tests import prefect_server

    folder = once(shared / "prefect", prefect_server.start)
    url = (folder / "url").read_text()
    # A run that waits for its turn asks again soon.
    with temporary_settings({PREFECT_API_URL: url, PREFECT_DEPLOYMENT_CONCURRENCY_SLOT_WAIT_SECONDS: 1}):
        yield url


@pytest.fixture
def server_alone(server: str, shared: Path) -> Iterator[str]:
    """The server, in turn: for tests that change what all flows see, such as deployments and automations.

    Homes are made before a test has its turn, since their fixtures are a session's.
    """
    with held(shared / "prefect.turn"):
        yield server


@pytest.fixture
def client(server_alone: str) -> "Iterator[SyncPrefectClient]":
    """A client of the server; automations and deployments that are there in the end go."""
    from tests import prefect_server

    with prefect_server.client() as client:
        yield client


@pytest.fixture(scope="session")
def eve(server: str, shared: Path) -> "Eve":
    """A home with a first release by models, and a source that has more since."""
    from tests.flows.llm_home import Eve, make_eve

    return Eve(once(shared / "eve", make_eve))
