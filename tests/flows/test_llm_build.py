"""Builds that ask models: interrupted, out of money, through a server full of faults."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from prefect.client.orchestration import get_client

from flows.build import build
from tasks.errors import GateRefused
from tasks.llm.journal import journal_folder, read_journal
from tests.flows.conftest import ROOT, Command
from tests.flows.llm_home import (
    CHEAP,
    CONCURRENCY,
    EMBEDDER,
    GOOD,
    NAMER,
    Project,
    make_project,
    published,
    read,
)
from tests.openai_server.process import OpenAIServer

KEY = "sk-the-secret-key-of-this-test"


@pytest.fixture(scope="module")
def shared() -> Iterator[OpenAIServer]:
    with OpenAIServer(latency=0.2, dimensions=64, api_key=KEY) as server:
        yield server


@pytest.fixture
def llm(shared: OpenAIServer, monkeypatch: pytest.MonkeyPatch) -> OpenAIServer:
    monkeypatch.setenv("LOOPBACK_KEY", KEY)
    shared.reset()
    return shared


def start(server: str, project: Project, home: Path) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "flows.cli", *map(str, project.arguments(home))],
        cwd=ROOT,
        env={**os.environ, "PREFECT_API_URL": server},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


def journaled(home: Path) -> list[dict[str, object]]:
    return [call for path in journal_folder(str(home)).rglob("*.jsonl") for call, _ in read_journal(path)]


def interrupt(process: "subprocess.Popen[str]", home: Path, number: signal.Signals) -> tuple[int, str]:
    """Send a signal in the middle of the annotation; the exit code, and what was said."""
    while not any(CHEAP in path.read_text() for path in journal_folder(str(home)).glob("annotate/*")):
        assert process.poll() is None, process.stderr and process.stderr.read()
        time.sleep(0.05)
    time.sleep(1)
    process.send_signal(number)
    started = time.monotonic()
    _, said = process.communicate(timeout=60)
    assert time.monotonic() - started < 15  # on a busy machine; idle, see tests/bench/README.md
    return process.returncode, said


def test_an_interrupt_and_a_spent_budget_lose_nothing_and_the_same_command_goes_on(
    server: str, llm: OpenAIServer, command: Command, tmp_path: Path
) -> None:
    project, home = make_project(tmp_path, llm, api_key_env="LOOPBACK_KEY"), tmp_path / "home"
    ended, said = interrupt(start(server, project, home), home, signal.SIGINT)
    assert ended == 130, said
    assert "evergreen: interrupted; what was done is kept, the same command goes on from there" in said
    assert len(journaled(home)) == sum(llm.counts()["answered"].values())
    assert read(home, "select state from core.runs")["state"].to_list() == ["interrupted"]

    spent = sum(float(str(call["usd"])) for call in journaled(home))
    stopped = command(*project.arguments(home), "--max-usd", f"{spent * 1.2:.6f}")
    assert stopped.returncode == 4, stopped.stderr
    assert "--max-usd" in stopped.stderr.splitlines()[-1]
    more = read(home, "select sum(usd) from core.llm_calls").item()
    assert (
        spent < more <= spent * 1.2 + CONCURRENCY * read(home, "select max(usd) from core.llm_calls").item()
    )

    done = command(*project.arguments(home), "--max-usd", "100", "--json")
    assert done.returncode == 0, done.stderr
    counts = llm.counts()
    assert set(counts["answered"].values()) == {1}  # nothing was paid for twice, in three runs
    calls = published(home, "select * from out.llm_calls")
    assert calls.height == calls["key"].n_unique() == len(counts["answered"])
    assert set(calls["outcome"]) == {"ok"}
    costs = published(home, "select * from out.costs")
    assert costs["usd"].sum() == pytest.approx(sum(float(str(call["usd"])) for call in journaled(home)))
    assert set(costs["model"]) == {EMBEDDER, NAMER, CHEAP, GOOD}
    assert costs["run_id"].n_unique() == 3

    prompt = read(home, "select prompt from core.eligible_prompts order by prompt_id limit 1").item()
    for text in (said, stopped.stderr, stopped.stdout, done.stderr):
        assert KEY not in text
        assert prompt[:40] not in text
    kept = b"".join(path.read_bytes() for path in journal_folder(str(home)).rglob("*.jsonl"))
    assert KEY.encode() not in kept
    assert json.dumps(prompt)[1:40].encode() not in kept
    assert KEY.encode() not in (home / "analytics.duckdb").read_bytes()


def test_a_termination_loses_no_answer_and_prefect_knows(
    server: str, llm: OpenAIServer, command: Command, tmp_path: Path
) -> None:
    project, home = make_project(tmp_path, llm, api_key_env="LOOPBACK_KEY"), tmp_path / "home"
    ended, said = interrupt(start(server, project, home), home, signal.SIGTERM)
    assert ended == -signal.SIGTERM, said
    answered = sum(llm.counts()["answered"].values())
    assert len(journaled(home)) == answered > 0
    [run] = read(home, "select run_id, state from core.runs").rows(named=True)
    assert run["state"] == "interrupted"
    with get_client(sync_client=True) as client:
        assert client.read_flow_run(run["run_id"]).state_name == "Crashed"

    done = command(*project.arguments(home))
    assert done.returncode == 0, done.stderr
    assert set(llm.counts()["answered"].values()) == {1}


FAULTS = {
    "server_error": 0.03,
    "cut": 0.03,
    "stall": 0.02,
    "bad_json": 0.03,
    "rate_limit": 0.03,
    "garbage": 0.02,
    "truncated": 0.03,
    "refusal": 0.02,
    "content_refusal": 0.02,
    "empty": 0.02,
    "out_of_range": 0.02,
    "bad_request": 0.02,
    "wrong_model": 0.01,
}


def test_a_server_full_of_faults_leaves_every_prompt_ok_or_with_the_name_of_its_failure(
    server: str, llm: OpenAIServer, command: Command, tmp_path: Path
) -> None:
    fields = {"timeout_seconds": 2, "max_attempts": 4, "concurrency": 16, "api_key_env": "LOOPBACK_KEY"}
    strict, home = make_project(tmp_path, llm, 0.999, **fields), tmp_path / "home"
    llm.set_plan(FAULTS | {"retry_after_seconds": 0.2, "seed": 3})
    assert sum(FAULTS.values()) == pytest.approx(0.3)
    refused = command(*strict.arguments(home))
    assert refused.returncode == 3, refused.stderr
    assert "coverage_reached" in refused.stderr.splitlines()[-1]
    assert llm.stats()["faults"].keys() == FAULTS.keys()

    ended = read(
        home,
        "select p.prompt_id, a.outcome, a.score, a.specificity from core.eligible_prompts as p"
        f" left join core.annotations as a on a.prompt_id = p.prompt_id and a.annotator like '{CHEAP}:%'",
    )
    assert ended["outcome"].null_count() == 0
    assert {"ok", "empty", "refused", "error"} <= set(ended["outcome"])
    assert ended.filter(outcome="ok").select("score", "specificity").null_count().sum_horizontal().item() == 0
    failed = ended.filter(ended["outcome"] != "ok")
    assert failed["score"].null_count() == failed["specificity"].null_count() == failed.height > 0
    calls = read(home, "select * from core.llm_calls")
    assert calls.filter(outcome="ok")["key"].is_unique().all()

    patient = make_project(tmp_path, llm, 0.5, **fields)
    release = build([str(patient.source)], str(home), patient.settings)
    assert release.rows == 20
    with pytest.raises(GateRefused) as raised:
        build([str(strict.source)], str(home), make_project(tmp_path, llm, 1.0, **fields).settings)
    assert raised.value.exit_code == 3
