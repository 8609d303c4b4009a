"""Runs that are killed: the next one takes up what is under way, and pays for nothing twice."""

import asyncio
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import batch_run
import orjson
import pytest
from batch_run import (
    MOMENTS,
    calls,
    interrupt,
    left_on_disk,
    run,
    sdk,
    some_requests,
    times_asked,
    work_of,
)

from tasks.errors import BudgetSpent, InputError
from tasks.llm.budget import Budget
from tasks.llm.endpoint import Price
from tasks.llm.outcome import Outcome
from tests.openai_server.process import ROOT, OpenAIServer


@pytest.fixture(scope="module")
def shared_server() -> Iterator[OpenAIServer]:
    with OpenAIServer() as server:
        yield server


@pytest.fixture
def server(shared_server: OpenAIServer) -> OpenAIServer:
    shared_server.reset()
    return shared_server


def kill(server: OpenAIServer, home: Path, moment: str) -> None:
    """A run of ten requests, five a batch, that ends by SIGKILL."""
    command = [sys.executable, batch_run.__file__, server.base_url, str(home), moment]
    ended = subprocess.run(command, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, check=False)
    assert ended.returncode == -signal.SIGKILL


@pytest.mark.parametrize("moment", MOMENTS)
def test_after_a_kill_everything_is_asked_once(server: OpenAIServer, tmp_path: Path, moment: str) -> None:
    kill(server, tmp_path, moment)
    assert left_on_disk(tmp_path)
    asyncio.run(run(work_of(server.base_url), tmp_path, some_requests(10)))
    found = Counter((call["key"], call["outcome"]) for call in calls(tmp_path))
    assert found == Counter((request.key, "ok") for request in some_requests(10))
    assert times_asked(server, some_requests(10)) == [1] * 10
    assert left_on_disk(tmp_path) == []
    assert len(list(sdk(server).batches.list())) == 2


def test_a_kill_between_two_rounds_asks_for_the_second_one_once(server: OpenAIServer, tmp_path: Path) -> None:
    server.set_plan({"garbage": 1, "persistent": True})
    kill(server, tmp_path, "journaled")
    outcomes = asyncio.run(run(work_of(server.base_url), tmp_path, some_requests(10)))
    assert outcomes == {Outcome.UNPARSABLE: 10}
    assert Counter(call["round"] for call in calls(tmp_path)) == {1: 10, 2: 10}
    assert times_asked(server, some_requests(10)) == [2] * 10


def test_a_file_that_the_server_lost_is_uploaded_again(server: OpenAIServer, tmp_path: Path) -> None:
    kill(server, tmp_path, "file uploaded")
    with sdk(server) as client:
        done = {batch.input_file_id for batch in client.batches.list()}
        inputs = [file.id for file in client.files.list() if file.purpose == "batch"]
        lost = [file for file in inputs if file not in done]
        assert lost
        for file in lost:
            client.files.delete(file)
    assert asyncio.run(run(work_of(server.base_url), tmp_path, some_requests(10))) == {Outcome.OK: 10}
    assert times_asked(server, some_requests(10)) == [1] * 10


def test_what_is_under_way_is_paid_whatever_the_budget(server: OpenAIServer, tmp_path: Path) -> None:
    work = work_of(server.base_url, price=Price(input=0, output=1_000_000))
    asyncio.run(interrupt(work, tmp_path, some_requests(10)))
    for path in tmp_path.glob("batches/*/*/*.json"):
        path.write_bytes(orjson.dumps({**orjson.loads(path.read_bytes()), "expected_usd": 9.0}))
    with pytest.raises(BudgetSpent):
        asyncio.run(run(work, tmp_path, some_requests(11), Budget(1, 0)))
    assert {call["key"] for call in calls(tmp_path)} == {request.key for request in some_requests(10)}


def test_what_another_model_was_asked_is_left_alone(server: OpenAIServer, tmp_path: Path) -> None:
    asyncio.run(interrupt(work_of(server.base_url), tmp_path, some_requests(10)))
    left = left_on_disk(tmp_path)
    assert asyncio.run(run(work_of(server.base_url, model="gpt-4o"), tmp_path, [])) == {}
    assert left_on_disk(tmp_path) == left


def test_a_manifest_of_another_version_is_named(server: OpenAIServer, tmp_path: Path) -> None:
    path = tmp_path / "batches" / "annotate" / "model" / "x.json"
    path.parent.mkdir(parents=True)
    path.write_bytes(b'{"id": "x"}')
    with pytest.raises(InputError, match=r"x\.json: no manifest"):
        asyncio.run(run(work_of(server.base_url), tmp_path, some_requests(1)))
