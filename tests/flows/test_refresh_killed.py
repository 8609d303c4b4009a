"""A refresh that is killed at every stage in turn, and two at once, come to the undisturbed release."""

import shutil
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from flows.refresh import refresh
from tasks.config import override
from tasks.settings import Settings
from tests.flows.conftest import SAMPLE
from tests.flows.llm_home import CONCURRENCY, make_project, read
from tests.flows.refresh_runs import finish, is_in, kill_when, start, wait_until
from tests.flows.service import Service, eventually
from tests.openai_server.process import OpenAIServer

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
ENDED = ("Completed", "Failed", "Crashed")
ASKED = {
    "refresh__settle_seconds": 0,
    "topics__max_shift": 1,
    "topics__max_none_growth": 1,
    "rotation__anchors": 2,
    "warehouse__lock_wait_seconds": 120,
}


@dataclass(frozen=True)
class Eve:
    """A home with a first release, a source that has more since, and models on loopback."""

    home: Path
    source: Path
    settings: Settings
    llm: OpenAIServer

    def copy(self, name: str) -> Path:
        return Path(shutil.copytree(self.home, self.home.with_name(name)))


@pytest.fixture(scope="module")
def eve(server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Eve]:
    root = tmp_path_factory.mktemp("eve")
    with OpenAIServer(latency=0.05, dimensions=64) as llm:
        settings = override(make_project(root, llm).settings, **ASKED)
        source = root / "logs"
        source.mkdir()
        lines = SAMPLE.read_text().splitlines(keepends=True)
        (source / "first.jsonl").write_text("".join(lines[:300]))
        refresh((str(source),), str(root / "home"), settings)
        (source / "second.jsonl").write_text("".join(lines[300:420]))
        llm.reset()
        yield Eve(root / "home", source, settings, llm)


@dataclass(frozen=True)
class Calm:
    """What an undisturbed refresh comes to, and which requests it makes; another came in its midst."""

    home: Path
    asked: dict[str, int]
    waited: str
    refused: str


@pytest.fixture(scope="module")
def calm(eve: Eve) -> Calm:
    home = eve.copy("calm")
    logs = [home.with_name(name) for name in ("first.log", "second.log", "third.log")]
    first = start(home, eve.source, eve.settings, logs[0])
    wait_until(lambda: is_in(logs[0], STAGES["ingest"]), first)
    second = start(home, eve.source, eve.settings, logs[1])
    hasty = override(eve.settings, warehouse__lock_wait_seconds=0)
    assert finish(start(home, eve.source, hasty, logs[2])) == 2
    assert first.is_alive()
    assert (finish(first), finish(second)) == (0, 0)
    asked = eve.llm.counts()["asked"]
    eve.llm.reset()
    return Calm(home, asked, logs[1].read_text(), logs[2].read_text())


def releases(home: Path) -> dict[str, bytes]:
    """The questions of each release of a home, by the hash of its content."""
    manifests = sorted((home / "releases").glob("*/manifest.json"))
    return {path.parent.name[11:]: (path.parent / "question.jsonl").read_bytes() for path in manifests}


def test_two_at_once_pay_once_and_the_second_waits_or_says_why_not(calm: Calm) -> None:
    assert set(calm.asked.values()) == {1}
    assert len(releases(calm.home)) == 2
    states = read(calm.home, "select state, release_id from core.runs order by started_at")
    assert states["state"].to_list() == ["done"] * 3
    assert states["release_id"][1] == states["release_id"][2] != states["release_id"][0]
    assert f"{calm.home}: another run holds it; waiting up to 120 s" in calm.waited
    assert "another run has held it for 0 s; start again when it is done, or use another home" in calm.refused


def test_a_refresh_killed_at_every_stage_ends_in_the_undisturbed_release(
    eve: Eve, calm: Calm, tmp_path: Path
) -> None:
    home, log = eve.copy("killed"), tmp_path / "log"
    for said in STAGES.values():
        log.unlink(missing_ok=True)
        kill_when(start(home, eve.source, eve.settings, log), lambda said=said: is_in(log, said))
    assert finish(start(home, eve.source, eve.settings, log)) == 0, log.read_text()

    assert releases(home) == releases(calm.home)
    assert len(releases(home)) == 2
    states = read(home, "select state from core.runs order by started_at")["state"].to_list()
    assert (states[0], states[-1], set(states[1:-1])) == ("done", "done", {"interrupted"})
    assert len(states) > len(STAGES)  # the one killed at its start may not have been noted
    paid = eve.llm.counts()
    assert paid["asked"].keys() == calm.asked.keys()
    calls = read(home, "select key, outcome from core.llm_calls")
    assert calls["key"].is_unique().all()
    # Answers that were under way when their asker was killed are lost; what arrived is never asked for again.
    lost = Counter(paid["asked"]) - Counter(calm.asked)
    assert lost.total() <= len(("embed", "topics", "annotate")) * CONCURRENCY


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    service = Service(tmp_path)
    yield service
    service.stop()


@pytest.mark.timeout(600)  # two busy cores: a server starts twice, and so does a worker
def test_a_server_and_then_a_worker_that_are_killed_in_a_refresh_lose_nothing_either(
    eve: Eve, calm: Calm, service: Service
) -> None:
    home, log = eve.copy("served"), service.log
    asked = {
        "sources": [str(eve.source)],
        "home": str(home),
        "settings": eve.settings.model_dump(mode="json", exclude_defaults=True),
    }
    first = service.run(**asked)
    eventually(lambda: is_in(log, STAGES["embed"]), "embed")
    service.kill("server")
    service.start_server()
    eventually(lambda: is_in(log, STAGES["annotate"]) or service.state(first) in ENDED, "annotate")
    service.kill("worker")
    service.start_worker()
    second = service.run(**asked)
    eventually(lambda: service.state(second) in ENDED, "the end of the next run")
    assert service.state(second) == "Completed", log.read_text()
    assert releases(home) == releases(calm.home)
