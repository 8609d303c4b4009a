"""kill -9 while models are asked, ten times over: only the calls in flight are paid twice."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from flows.build import build
from tasks import warehouse
from tasks.clean.task import clean
from tasks.embed.task import embed
from tasks.ingest.task import ingest
from tasks.llm.journal import journal_folder, read_journal
from tasks.refs import Run
from tasks.topics.task import topics
from tests.flows.conftest import ROOT, Command
from tests.flows.forks import forks
from tests.flows.llm_home import CONCURRENCY, Project, make_project, read
from tests.flows.llm_stages import PROMPTS, ask_models
from tests.openai_server.process import OpenAIServer

KILLS = 10  # the first while vectors are asked for, the last in a run of the command, the others in between


@pytest.fixture(scope="module")
def llm() -> Iterator[OpenAIServer]:
    with OpenAIServer(latency=0.15, dimensions=64) as server:
        yield server


@pytest.fixture
def project(tmp_path: Path, llm: OpenAIServer) -> Project:
    return make_project(tmp_path, llm)


def wait_for(llm: OpenAIServer, requests: int, is_alive: object) -> None:
    """Wait until the server has seen so many."""
    while llm.stats()["requests"] < requests:
        assert is_alive(), "the process ended before it was killed"  # type: ignore[operator]
        time.sleep(0.01)


def kill_stages(llm: OpenAIServer, home: Path, project: Project, after: int) -> None:
    """Run the stages that ask models, and kill them when the server has seen some more requests."""
    seen = llm.stats()["requests"]
    process = forks().Process(target=ask_models, args=(str(home), project.settings))
    process.start()
    wait_for(llm, seen + after, process.is_alive)
    assert process.pid is not None
    os.kill(process.pid, signal.SIGKILL)
    process.join()


def kill_command(server: str, llm: OpenAIServer, home: Path, project: Project, after: int) -> None:
    seen = llm.stats()["requests"]
    process = subprocess.Popen(
        [sys.executable, "-m", "flows.cli", *map(str, project.arguments(home))],
        cwd=ROOT,
        env={**os.environ, "PREFECT_API_URL": server},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    wait_for(llm, seen + after, lambda: process.poll() is None)
    process.send_signal(signal.SIGKILL)
    process.wait()


def prepare(home: Path, project: Project) -> Run:
    """A home with the prompts, which a first run cleaned."""
    home.mkdir()
    warehouse.migrate(str(home))
    run = Run(id="first", home=str(home), seed=project.settings.seed, lock_wait_seconds=20)
    clean.fn(run, ingest.fn(run, [str(project.source)], project.settings.ingest), project.settings.clean)
    return run


def test_ten_kills_cost_no_answer_twice_and_end_in_the_undisturbed_release(
    server: str,
    llm: OpenAIServer,
    command: Command,
    project: Project,
    tmp_path: Path,
) -> None:
    calm, home = tmp_path / "calm", tmp_path / "home"
    release = build([str(project.source)], str(calm), project.settings)
    needed = llm.counts()["asked"]
    assert set(needed.values()) == {1}
    llm.reset()

    run = prepare(home, project)
    kill_stages(llm, home, project, after=1)
    vectors = embed.fn(run, PROMPTS, project.settings.embed, project.settings.llm)
    by_keywords = project.settings.topics.model_copy(update={"namer": "keywords"})
    topics.fn(
        run, vectors, by_keywords, project.settings.llm
    )  # the clusters: they take a while, and no model
    moments = random.Random(5)
    for _ in range(KILLS - 2):
        kill_stages(llm, home, project, after=moments.randint(1, 40))
    kill_command(server, llm, home, project, after=moments.randint(5, 25))
    done = command(*project.arguments(home), "--json")
    assert done.returncode == 0, done.stderr

    counts = llm.counts()
    assert counts["asked"].keys() == needed.keys()
    repeated = sum(counts["asked"].values()) - len(needed)
    assert repeated <= KILLS * CONCURRENCY
    calls = read(home, "select * from core.llm_calls")
    assert calls.filter(outcome="ok")["key"].is_unique().all()
    assert set(calls["outcome"]) == {"ok"}
    assert calls.height == len(needed)
    assert (release.key[11:] in done.stdout) and (home / "releases").is_dir()
    [made] = [path for path in (home / "releases").iterdir() if path.is_dir()]
    assert made.name[11:] == release.key[11:]
    questions = (made / "question.jsonl").read_bytes()
    assert questions == (calm / "releases" / release.key / "question.jsonl").read_bytes()
    journaled = [
        call for path in journal_folder(str(home)).rglob("*.jsonl") for call, _ in read_journal(path)
    ]
    assert {call["call_id"] for call in journaled} == set(calls["call_id"])
