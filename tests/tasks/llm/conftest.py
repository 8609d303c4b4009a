"""What the tests of calls get: a loopback server as good as new, and a place for a journal."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.openai_server.process import OpenAIServer


@pytest.fixture(scope="package")
def shared() -> Iterator[OpenAIServer]:
    with OpenAIServer(latency=0.01) as server:
        yield server


@pytest.fixture
def server(shared: OpenAIServer) -> OpenAIServer:
    shared.reset()
    return shared


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal" / "annotate" / "run-1.jsonl"
