"""Refreshes ended from outside, or by their budget: nothing is lost, and the same command goes on."""

import json
import os
import signal
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
    write_project,
)
from tests.flows.watched import finish, journaled, wait_until
from tests.openai_server.process import OpenAIServer
from tests.plugins.homes import Copy, read
from tests.plugins.models import Servers

KEY = "sk-the-secret-key-of-this-test"


@pytest.fixture
def models(openai_servers: Servers, monkeypatch: pytest.MonkeyPatch) -> OpenAIServer:
    monkeypatch.setenv("LOOPBACK_KEY", KEY)
    return openai_servers(latency=0.2, dimensions=DIMENSIONS, api_key=KEY)


@dataclass(frozen=True)
class Refresh:
    """A refresh of a home, which can be interrupted in the midst of its annotation."""

    eve: Eve
    home: Path
    project: Project
    models: OpenAIServer
    begin: Begin

    @property
    def arguments(self) -> tuple[object, ...]:
        return self.project.arguments("refresh", self.home)

    def interrupt(self, number: signal.Signals) -> tuple[int, str]:
        """Begin it, and send a signal once it has some answers; the exit code, and what it said."""
        folder = self.home.with_name(number.name)
        seen = self.models.stats()["answered"]
        process = self.begin(folder, *self.arguments)
        wait_until(lambda: self.models.stats()["answered"] > seen + 3 * CONCURRENCY, process)
        assert process.pid is not None
        os.kill(process.pid, number)
        return finish(process), (folder / "stderr").read_text()

    def new_calls(self) -> list[dict[str, object]]:
        """Journaled calls of the runs after the first release."""
        before = {call["call_id"] for call in journaled(self.eve.home)}
        return [call for call in journaled(self.home) if call["call_id"] not in before]

    def spent(self) -> float:
        """What they cost, in USD."""
        return sum(float(str(call["usd"])) for call in self.new_calls())

    def last_run(self) -> dict[str, str]:
        query = "select run_id, state from core.runs order by started_at desc limit 1"
        return dict(read(self.home, query).row(0, named=True))


@pytest.fixture
def run(eve: Eve, models: OpenAIServer, begin: Begin, copy: Copy, tmp_path: Path) -> Refresh:
    project = write_project(tmp_path, eve.logs, models, api_key_env="LOOPBACK_KEY")
    return Refresh(eve, copy(eve.home), project, models, begin)


def test_a_termination_an_interrupt_and_a_spent_budget_lose_nothing_and_the_same_command_goes_on(
    run: Refresh, eve: Eve, models: OpenAIServer, command: Command
) -> None:
    ended, said = run.interrupt(signal.SIGTERM)
    assert ended == -signal.SIGTERM, said
    assert len(run.new_calls()) == sum(models.counts()["answered"].values()) > 0
    assert run.last_run()["state"] == "interrupted"
    with get_client(sync_client=True) as client:
        assert client.read_flow_run(run.last_run()["run_id"]).state_name == "Crashed"

    ended, more_said = run.interrupt(signal.SIGINT)
    assert ended == 130, more_said
    assert "evergreen: interrupted; what was done is kept, the same command goes on from there" in more_said
    assert len(run.new_calls()) == sum(models.counts()["answered"].values())
    assert run.last_run()["state"] == "interrupted"

    spent = run.spent()
    stopped = command(*run.arguments, "--max-usd", f"{spent * 1.2:.6f}")
    assert stopped.returncode == 4, stopped.stderr
    assert "--max-usd" in stopped.stderr.splitlines()[-1]
    dearest = read(run.home, "select max(usd) from core.llm_calls").item()
    assert spent < run.spent() <= spent * 1.2 + CONCURRENCY * dearest

    done = command(*run.arguments, "--max-usd", "100", "--json")
    assert done.returncode == 0, done.stderr
    answered = models.counts()["answered"]
    assert set(answered.values()) == {1}  # nothing was paid for twice, in four runs
    calls = published(run.home, "select * from out.llm_calls")
    assert calls.height == calls["key"].n_unique() == len(eve.asked) + len(answered)
    assert set(calls["outcome"]) == {"ok"}
    costs = published(run.home, "select * from out.costs")
    assert costs["usd"].sum() == pytest.approx(sum(float(str(call["usd"])) for call in journaled(run.home)))
    first = read(eve.home, "select run_id from core.runs")["run_id"].to_list()
    new_costs = costs.filter(~costs["run_id"].is_in(first))
    assert set(new_costs["model"]) == {EMBEDDER, CHEAP, GOOD}  # topics keep the names that they have
    assert new_costs["run_id"].n_unique() == 4

    prompt = read(run.home, "select prompt from core.eligible_prompts order by prompt_id limit 1").item()
    for text in (said, more_said, stopped.stderr, stopped.stdout, done.stderr):
        assert KEY not in text
        assert prompt[:40] not in text
    kept = b"".join(path.read_bytes() for path in (run.home / "journal").rglob("*.jsonl"))
    assert KEY.encode() not in kept
    assert json.dumps(prompt)[1:40].encode() not in kept
    assert KEY.encode() not in (run.home / "analytics.duckdb").read_bytes()
