"""Runs that are killed: the next one takes up what is under way, and pays for nothing twice."""

import asyncio
import multiprocessing
import signal
from collections import Counter
from collections.abc import Callable, Iterator
from multiprocessing.context import ForkServerContext
from pathlib import Path
from typing import Any

import orjson
import pytest

from tasks.errors import BudgetSpent, EvergreenError, InputError
from tasks.llm.budget import Budget
from tasks.llm.endpoint import Price
from tasks.llm.outcome import Outcome
from tests.openai_server.process import OpenAIServer
from tests.places import ROOT
from tests.plugins.models import Servers
from tests.tasks.llm import batch_run
from tests.tasks.llm.batch_run import (
    MOMENTS,
    calls,
    interrupt,
    kill_at,
    left_on_disk,
    run,
    sdk,
    some_requests,
    times_asked,
    work_of,
)


@pytest.fixture
def server(openai_servers: Servers) -> OpenAIServer:
    return openai_servers()


@pytest.fixture(scope="module")
def processes() -> Iterator[ForkServerContext]:
    """Processes that have the imports behind them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(ROOT))
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(["pytest", batch_run.__name__])
        yield context


@pytest.fixture
def kill(processes: ForkServerContext, server: OpenAIServer, tmp_path: Path) -> Callable[..., None]:
    def run_and_kill(moment: str, **endpoint: Any) -> None:
        process = processes.Process(target=kill_at, args=(moment, server.base_url, tmp_path, endpoint))
        process.start()
        process.join(60)
        assert process.exitcode == -signal.SIGKILL

    return run_and_kill


def manifests(home: Path) -> list[dict[str, Any]]:
    return [orjson.loads(path.read_bytes()) for path in home.glob("batches/*/*/*.json")]


@pytest.mark.parametrize("moment", MOMENTS)
def test_after_a_kill_everything_is_asked_once(
    server: OpenAIServer, tmp_path: Path, kill: Callable[..., None], moment: str
) -> None:
    kill(moment)
    assert left_on_disk(tmp_path)
    asyncio.run(run(work_of(server.base_url), tmp_path, some_requests(10)))
    found = Counter((call["key"], call["outcome"]) for call in calls(tmp_path))
    assert found == Counter((request.key, "ok") for request in some_requests(10))
    assert times_asked(server, some_requests(10)) == [1] * 10
    assert left_on_disk(tmp_path) == []
    assert len(list(sdk(server).batches.list())) == 2


def test_a_kill_between_two_rounds_asks_for_the_second_one_once(
    server: OpenAIServer, tmp_path: Path, kill: Callable[..., None]
) -> None:
    server.set_plan({"garbage": 1, "persistent": True})
    kill("journaled")
    outcomes = asyncio.run(run(work_of(server.base_url), tmp_path, some_requests(10)))
    assert outcomes == {Outcome.UNPARSABLE: 10}
    assert Counter(call["round"] for call in calls(tmp_path)) == {1: 10, 2: 10}
    assert times_asked(server, some_requests(10)) == [2] * 10


def test_a_batch_that_is_read_again_is_charged_once(
    server: OpenAIServer, tmp_path: Path, kill: Callable[..., None]
) -> None:
    price = {"input": 0, "output": 1_000_000}
    kill("half journaled", price=price)
    known = sum(call["usd"] for call in calls(tmp_path))
    budget = Budget(0, known)
    asyncio.run(run(work_of(server.base_url, price=price), tmp_path, some_requests(10), budget))
    assert budget.spent_usd == sum(call["usd"] for call in calls(tmp_path)) > known > 0


def test_a_batch_that_the_server_is_late_to_make_is_waited_for(
    server: OpenAIServer, tmp_path: Path, kill: Callable[..., None]
) -> None:
    kill("manifest written")
    (manifest,) = [row for row in manifests(tmp_path) if not row["batch_id"]]

    async def run_and_make() -> None:
        work, looks = work_of(server.base_url), server.stats()["by_path"].get("/v1/batches", 0)
        running = asyncio.create_task(run(work, tmp_path, some_requests(10), poll_seconds=2))
        while server.stats()["by_path"].get("/v1/batches", 0) == looks:
            await asyncio.sleep(0.02)
        sdk(server).batches.create(
            input_file_id=manifest["file_id"],
            endpoint="/v1/chat/completions",
            completion_window="24h",
            metadata={"evergreen_shard": manifest["id"]},
        )
        while not all(row["batch_id"] for row in manifests(tmp_path)):
            await asyncio.sleep(0.02)
        running.cancel()
        await asyncio.wait([running])

    asyncio.run(run_and_make())
    assert asyncio.run(run(work_of(server.base_url), tmp_path, some_requests(10))) == {Outcome.OK: 10}
    assert times_asked(server, some_requests(10)) == [1] * 10


def test_results_that_are_gone_are_not_bought_again_unasked(server: OpenAIServer, tmp_path: Path) -> None:
    requests = some_requests(10)
    asyncio.run(interrupt(work_of(server.base_url), tmp_path, requests))
    with sdk(server) as client:
        (batch,) = client.batches.list()
        while not batch.output_file_id:
            batch = client.batches.retrieve(batch.id)
        client.files.delete(batch.output_file_id)
    for _ in range(2):
        with pytest.raises(EvergreenError, match=rf"{batch.id} are gone.*answered 10 .*\.json is deleted"):
            asyncio.run(run(work_of(server.base_url), tmp_path, requests))
    assert times_asked(server, requests) == [1] * 10
    for path in tmp_path.glob("batches/*/*/*.json"):
        path.unlink()
    assert asyncio.run(run(work_of(server.base_url), tmp_path, requests)) == {Outcome.OK: 10}


def test_a_batch_that_somebody_cancelled_is_asked_again_by_the_next_run_only(
    server: OpenAIServer, tmp_path: Path
) -> None:
    requests = some_requests(10)
    asyncio.run(interrupt(work_of(server.base_url), tmp_path, requests))
    with sdk(server) as client:
        (batch,) = client.batches.list()
        while batch.status != "in_progress":
            batch = client.batches.retrieve(batch.id)
        client.batches.cancel(batch.id)
    outcomes = asyncio.run(run(work_of(server.base_url), tmp_path, requests))
    assert outcomes == {Outcome.OK: 5, Outcome.ERROR: 5}
    assert sorted(times_asked(server, requests)) == [0] * 5 + [1] * 5
    rest = [
        request for request, asked in zip(requests, times_asked(server, requests), strict=True) if not asked
    ]
    assert asyncio.run(run(work_of(server.base_url), tmp_path, rest)) == {Outcome.OK: 5}


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
