"""A server and a worker that are killed in a refresh: the next run comes to the undisturbed release."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from flows.refresh import refresh
from tests.flows.llm_home import DIMENSIONS, Eve, write_project
from tests.flows.watched import STAGES, is_in, releases
from tests.operations.service import Service, eventually
from tests.plugins.homes import Copy
from tests.plugins.models import Servers

ENDED = ("Completed", "Failed", "Crashed")


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    service = Service(tmp_path)
    yield service
    service.stop()


@pytest.mark.timeout(600)  # two busy cores: a server starts twice, and so does a worker
def test_a_server_and_then_a_worker_that_are_killed_in_a_refresh_lose_nothing(
    eve: Eve, openai_servers: Servers, service: Service, copy: Copy, tmp_path: Path
) -> None:
    models = openai_servers(latency=0.05, dimensions=DIMENSIONS)
    settings = write_project(tmp_path, eve.logs, models).settings
    calm, home, log = copy(eve.home), copy(eve.home), service.log
    asked = {
        "sources": [str(eve.logs)],
        "home": str(home),
        "settings": settings.model_dump(mode="json", exclude_defaults=True),
    }
    first = service.run(**asked)
    eventually(lambda: is_in(log, STAGES["embed"]), "embed")
    service.kill("server")
    service.start_server()
    eventually(lambda: is_in(log, STAGES["annotate"]) or service.state(first) in ENDED, "annotate")
    service.kill("worker")
    service.start_worker()
    second = service.run(**asked)
    refresh((str(eve.logs),), str(calm), settings)
    eventually(lambda: service.state(second) in ENDED, "the end of the next run")
    assert service.state(second) == "Completed", log.read_text()
    assert releases(home) == releases(calm)
    assert len(releases(home)) == 2
