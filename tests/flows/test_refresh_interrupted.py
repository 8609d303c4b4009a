"""Refreshes ended from outside, or by their budget: nothing is lost, and the same command goes on."""

import json
import os
import signal
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from prefect.client.orchestration import get_client

from tests.flows.forks import Begin, Command
from tests.flows.llm_home import (
    CHEAP,
    CONCURRENCY,
    DIMENSIONS,
    EMBEDDER,
    GOOD,
    Eve,
    Project,
    published,
    read,
    write_project,
)
from tests.flows.watched import finish, journaled, wait_until
from tests.openai_server.process import OpenAIServer
from tests.plugins.models import Servers

KEY = "sk-the-secret-key-of-this-test"


@pytest.fixture
def models(openai_servers: Servers, monkeypatch: pytest.MonkeyPatch) -> OpenAIServer:
    monkeypatch.setenv("LOOPBACK_KEY", KEY)
    return openai_servers(latency=0.2, dimensions=DIMENSIONS, api_key=KEY)


@dataclass(frozen=True)
class Interrupted:
    """A refresh that got a signal in the midst of its annotation."""

    home: Path
    project: Project
    exit_code: int
    said: str
    run: dict[str, str]


@pytest.fixture
def interrupt(
    begin: Begin, eve: Eve, models: OpenAIServer, copy: Callable[[Path], Path], tmp_path: Path
) -> Callable[[signal.Signals], Interrupted]:
    def run(number: signal.Signals) -> Interrupted:
        home, project = copy(eve.home), write_project(tmp_path, eve.logs, models, api_key_env="LOOPBACK_KEY")
        process = begin(tmp_path, *project.arguments("refresh", home))
        wait_until(lambda: models.stats()["answered"] > 3 * CONCURRENCY, process)
        assert process.pid is not None
        os.kill(process.pid, number)
        ended, said = finish(process), (tmp_path / "stderr").read_text()
        [run] = read(home, "select run_id, state from core.runs where state <> 'done'").rows(named=True)
        return Interrupted(home, project, ended, said, run)

    return run


def new_calls(home: Path, eve: Eve) -> list[dict[str, object]]:
    """Journaled calls of the runs after the first."""
    before = {call["call_id"] for call in journaled(eve.home)}
    return [call for call in journaled(home) if call["call_id"] not in before]


def test_an_interrupt_and_a_spent_budget_lose_nothing_and_the_same_command_goes_on(
    interrupt: Callable[[signal.Signals], Interrupted], eve: Eve, models: OpenAIServer, command: Command
) -> None:
    first = interrupt(signal.SIGINT)
    home, arguments = first.home, first.project.arguments("refresh", first.home)
    assert first.exit_code == 130, first.said
    assert "evergreen: interrupted; what was done is kept, the same command goes on from there" in first.said
    assert first.run["state"] == "interrupted"
    assert len(new_calls(home, eve)) == sum(models.counts()["answered"].values())

    spent = sum(float(str(call["usd"])) for call in new_calls(home, eve))
    stopped = command(*arguments, "--max-usd", f"{spent * 1.2:.6f}")
    assert stopped.returncode == 4, stopped.stderr
    assert "--max-usd" in stopped.stderr.splitlines()[-1]
    more = sum(float(str(call["usd"])) for call in new_calls(home, eve))
    dearest = read(home, "select max(usd) from core.llm_calls").item()
    assert spent < more <= spent * 1.2 + CONCURRENCY * dearest

    done = command(*arguments, "--max-usd", "100", "--json")
    assert done.returncode == 0, done.stderr
    counts = models.counts()
    assert set(counts["answered"].values()) == {1}  # nothing was paid for twice, in three runs
    calls = published(home, "select * from out.llm_calls")
    assert calls.height == calls["key"].n_unique() == len(eve.asked) + len(counts["answered"])
    assert set(calls["outcome"]) == {"ok"}
    costs = published(home, "select * from out.costs")
    assert costs["usd"].sum() == pytest.approx(sum(float(str(call["usd"])) for call in journaled(home)))
    assert set(costs.filter(costs["run_id"] == first.run["run_id"])["model"]) >= {EMBEDDER, CHEAP}
    assert GOOD in set(costs["model"])
    assert costs["run_id"].n_unique() == 4

    prompt = read(home, "select prompt from core.eligible_prompts order by prompt_id limit 1").item()
    for text in (first.said, stopped.stderr, stopped.stdout, done.stderr):
        assert KEY not in text
        assert prompt[:40] not in text
    kept = b"".join(path.read_bytes() for path in (home / "journal").rglob("*.jsonl"))
    assert KEY.encode() not in kept
    assert json.dumps(prompt)[1:40].encode() not in kept
    assert KEY.encode() not in (home / "analytics.duckdb").read_bytes()


def test_a_termination_loses_no_answer_and_prefect_knows(
    interrupt: Callable[[signal.Signals], Interrupted], eve: Eve, models: OpenAIServer
) -> None:
    first = interrupt(signal.SIGTERM)
    assert first.exit_code == -signal.SIGTERM, first.said
    assert len(new_calls(first.home, eve)) == sum(models.counts()["answered"].values()) > 0
    assert first.run["state"] == "interrupted"
    with get_client(sync_client=True) as client:
        assert client.read_flow_run(first.run["run_id"]).state_name == "Crashed"
