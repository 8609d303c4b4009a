"""A refresh that is killed at every stage in turn, and two at once, come to the undisturbed release.

tests/operations has the same with a server and a worker that are killed.
"""

from collections import Counter
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest

from tests.flows.forks import Begin
from tests.flows.llm_home import CONCURRENCY, DIMENSIONS, Eve, Project, write_project
from tests.flows.watched import (
    STAGES,
    finish,
    is_in,
    journaled,
    kill_when,
    releases,
    wait_until,
)
from tests.openai_server.process import OpenAIServer
from tests.plugins.homes import Copy, read
from tests.plugins.models import Servers


@pytest.fixture(scope="module")
def models(openai_servers: Servers) -> OpenAIServer:
    return openai_servers(latency=0.05, dimensions=DIMENSIONS)


@dataclass(frozen=True)
class Refresh:
    """Begins refreshes of a home; what one says goes to `stderr` in a folder beside the home."""

    begin: Begin
    project: Project

    def __call__(self, home: Path, folder: str = "run", **environment: str) -> tuple[BaseProcess, Path]:
        """The process, and the file that its log goes to."""
        beside = home.with_name(folder)
        process = self.begin(beside, *self.project.arguments("refresh", home), **environment)
        return process, beside / "stderr"


@pytest.fixture(scope="module")
def start(begin: Begin, eve: Eve, models: OpenAIServer, tmp_path_factory: pytest.TempPathFactory) -> Refresh:
    return Refresh(begin, write_project(tmp_path_factory.mktemp("project"), eve.logs, models))


@dataclass(frozen=True)
class Calm:
    """What an undisturbed refresh comes to, and which requests it makes; two others came in its midst."""

    home: Path
    asked: dict[str, int]
    waited: str
    refused: str


@pytest.fixture(scope="module")
def calm(eve: Eve, start: Refresh, models: OpenAIServer, copy: Copy) -> Calm:
    home = copy(eve.home)
    first, log = start(home)
    wait_until(lambda: is_in(log, STAGES["ingest"]), first)
    second, waits = start(home, "second")
    third, gives_up = start(home, "third", EVERGREEN_WAREHOUSE__LOCK_WAIT_SECONDS="0")
    assert finish(third) == 2
    assert first.is_alive()
    assert (finish(first), finish(second)) == (0, 0)
    return Calm(home, models.counts()["asked"], waits.read_text(), gives_up.read_text())


def test_two_at_once_pay_once_and_the_second_waits_or_says_why_not(calm: Calm) -> None:
    assert set(calm.asked.values()) == {1}
    assert len(releases(calm.home)) == 2
    states = read(calm.home, "select state, release_id from core.runs order by started_at")
    assert states["state"].to_list() == ["done"] * 3
    assert states["release_id"][1] == states["release_id"][2] != states["release_id"][0]
    assert f"{calm.home}: another run holds it; waiting up to 120 s" in calm.waited
    assert "another run has held it for 0 s; start again when it is done, or use another home" in calm.refused


def test_a_refresh_killed_at_every_stage_pays_no_answer_twice_and_ends_in_the_undisturbed_release(
    eve: Eve, start: Refresh, calm: Calm, models: OpenAIServer, copy: Copy
) -> None:
    home = copy(eve.home)
    models.reset()
    for stage, said in STAGES.items():
        process, log = start(home, f"killed in {stage}")
        kill_when(process, lambda log=log, said=said: is_in(log, said))
    process, log = start(home)
    assert finish(process) == 0, log.read_text()

    assert releases(home) == releases(calm.home)
    assert len(releases(home)) == 2
    states = read(home, "select state from core.runs order by started_at")["state"].to_list()
    assert (states[0], states[-1], set(states[1:-1])) == ("done", "done", {"interrupted"})
    assert len(states) > len(STAGES)  # the one killed at its start may not have been noted
    paid = models.counts()
    assert paid["asked"].keys() == calm.asked.keys()
    # Answers that were under way when their asker was killed are lost; what arrived is never asked for again.
    lost = Counter(paid["asked"]) - Counter(calm.asked)
    assert lost.total() <= len(("embed", "topics", "annotate")) * CONCURRENCY
    calls = read(home, "select call_id, key, outcome from core.llm_calls")
    assert calls["key"].is_unique().all()
    assert set(calls["outcome"]) == {"ok"}
    assert {call["call_id"] for call in journaled(home)} == set(calls["call_id"])
