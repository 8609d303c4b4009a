"""A first build that is killed at moments of chance: the same command again comes to the same release."""

import json
import random
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.flows.forks import Begin, Command
from tests.flows.homes import latest_release
from tests.flows.llm_home import CONCURRENCY, DIMENSIONS, Eve, write_project
from tests.flows.watched import STAGES, is_in, journaled, kill_when
from tests.openai_server.process import OpenAIServer
from tests.plugins.homes import read
from tests.plugins.models import Servers


@pytest.fixture
def models(openai_servers: Servers) -> OpenAIServer:
    return openai_servers(latency=0.05, dimensions=DIMENSIONS)


def test_a_first_build_killed_again_and_again_pays_no_answer_twice_and_ends_in_the_undisturbed_release(
    eve: Eve, models: OpenAIServer, begin: Begin, command: Command, tmp_path: Path
) -> None:
    project = write_project(tmp_path, eve.logs / "first.jsonl", models)
    arguments = project.arguments("build", tmp_path / "home")
    needed, log = Counter(eve.asked), tmp_path / "stderr"
    chance = random.Random(5)
    early, late = chance.choice(("start", "ingest", "clean")), chance.choice(("select", "release", "publish"))
    requests = chance.randrange(needed.total() - CONCURRENCY)
    moments: list[Callable[[], bool]] = [
        lambda: is_in(log, STAGES[early]),
        lambda: models.stats()["requests"] > requests,
        lambda: is_in(log, STAGES[late]),
    ]
    for moment in moments:
        log.unlink(missing_ok=True)
        kill_when(begin(tmp_path, *arguments), moment)
    done = command(*arguments)
    assert done.returncode == 0, done.stderr

    release = latest_release(tmp_path / "home")
    assert release.name[11:] == eve.release.name[11:]  # the date may have changed meanwhile
    assert (release / "question.jsonl").read_bytes() == (eve.release / "question.jsonl").read_bytes()
    assert funnel(release) == funnel(eve.release)
    asked = Counter(models.counts()["asked"])
    assert asked.keys() == needed.keys()
    assert (asked - needed).total() <= CONCURRENCY  # those under way
    calls = read(tmp_path / "home", "select call_id, key, outcome from core.llm_calls")
    assert calls.height == calls["key"].n_unique() == len(needed)
    assert set(calls["outcome"]) == {"ok"}
    assert {call["call_id"] for call in journaled(tmp_path / "home")} == set(calls["call_id"])


def funnel(release: Path) -> object:
    return json.loads((release / "manifest.json").read_bytes())["funnel"]
