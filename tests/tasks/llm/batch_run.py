"""A run of batches against the loopback server, and one that kills its process at a chosen moment."""

import asyncio
import os
import signal
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from openai import OpenAI

from tasks.llm import batch, batch_shards
from tasks.llm.batch import Batches
from tasks.llm.batch_server import BatchServer
from tasks.llm.batch_shards import Shards
from tasks.llm.budget import Budget
from tasks.llm.call import Request, request_key
from tasks.llm.client import CHAT, connect
from tasks.llm.endpoint import Endpoint
from tasks.llm.journal import Journal, journal_path, read_journal
from tasks.llm.outcome import Outcome
from tasks.llm.work import Work
from tests.openai_server import chat
from tests.openai_server.counts import request_key as request_key_of_server
from tests.openai_server.process import OpenAIServer

MODEL = "gpt-4o-mini"
POLL_SECONDS = 0.02
# What dies, and at which of its calls: on entry, or after it has done its work.
MOMENTS: dict[str, tuple[type, str, int, bool]] = {
    "file uploaded, no manifest written": (BatchServer, "upload", 2, True),
    "manifest written": (BatchServer, "create", 2, False),
    "batch created, its id not written": (BatchServer, "create", 2, True),
    "in progress": (BatchServer, "look", 4, True),
    "half journaled": (Journal, "append", 4, True),
    "journaled": (Shards, "settle", 1, False),
}


def body_of(text: str, **more: Any) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": text}], "max_tokens": 50, **more}


def request_of(body: dict[str, Any], output_tokens: int = 50) -> Request:
    return Request(request_key(MODEL, body), body, chat.input_tokens(body), output_tokens)


def some_requests(count: int) -> list[Request]:
    return [request_of(body_of(f"question {number}")) for number in range(count)]


def read(answer: str) -> Outcome:
    return Outcome.UNPARSABLE if answer.startswith("Sure! Here is") else Outcome.OK


def work_of(base_url: str, **endpoint: Any) -> Work:
    values = {"name": "model", "model": MODEL, "base_url": base_url, "api_key_env": "", "mode": "batch"}
    return Work("annotate", "run-1", Endpoint.model_validate(values | endpoint), CHAT, read)


async def run(
    work: Work,
    home: Path,
    requests: Iterable[Request],
    budget: Budget | None = None,
    report: Callable[[str], None] = lambda _: None,
    poll_seconds: float = POLL_SECONDS,
) -> Counter[Outcome]:
    """All requests, with a journal of its own."""
    name = f"run-{len(list(home.glob('journal/*/*')))}"
    async with (
        connect(work.endpoint) as client,
        Journal(journal_path(str(home), work.stage, name)) as journal,
    ):
        batches = Batches(
            work, client, journal, budget or Budget(0, 0), home / "batches", poll_seconds, report
        )
        await batches.run(requests)
    return batches.outcomes


def calls(home: Path) -> list[dict[str, Any]]:
    """All calls, as the warehouse gets them: each id once."""
    journals = sorted(home.glob("journal/*/*.jsonl"))
    by_id = {call["call_id"]: call for path in journals for call, _ in read_journal(path)}
    return list(by_id.values())


async def interrupt(work: Work, home: Path, requests: Iterable[Request]) -> None:
    """Cancel a run as soon as it has submitted a batch."""
    submitted = asyncio.Event()
    running = asyncio.create_task(
        run(work, home, requests, report=lambda _: submitted.set(), poll_seconds=60)
    )
    await submitted.wait()
    running.cancel()
    await asyncio.wait([running], timeout=5)
    assert running.cancelled()


def sdk(server: OpenAIServer) -> OpenAI:
    return OpenAI(base_url=server.base_url, api_key="any", max_retries=0)


def statuses(server: OpenAIServer) -> Counter[str]:
    return Counter(batch.status for batch in sdk(server).batches.list(limit=100))


def times_asked(server: OpenAIServer, requests: list[Request]) -> list[int]:
    asked = server.counts()["asked"]
    return [asked.get(request_key_of_server({"model": MODEL, **request.body}), 0) for request in requests]


def left_on_disk(home: Path) -> list[Path]:
    return [path for path in home.glob("batches/**/*") if path.is_file()]


def _die_at(moment: str) -> None:
    owner, name, nth, is_after = MOMENTS[moment]
    original = getattr(owner, name)
    begun = done = 0

    def count_begun() -> None:
        nonlocal begun
        begun += 1
        if begun == nth and not is_after:
            os.kill(os.getpid(), signal.SIGKILL)

    async def dies(*arguments: Any) -> Any:
        nonlocal done
        count_begun()
        result = await original(*arguments)
        done += 1
        if done == nth and is_after:
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    def dies_at_once(*arguments: Any) -> Any:
        count_begun()
        return original(*arguments)

    setattr(owner, name, dies if asyncio.iscoroutinefunction(original) else dies_at_once)


def kill_at(moment: str, base_url: str, home: Path, endpoint: dict[str, Any]) -> None:
    """Ask ten requests, five a batch, in a process that ends by SIGKILL."""
    _die_at(moment)
    batch_shards.MAX_REQUESTS = 5
    batch._LINES = 2
    asyncio.run(run(work_of(base_url, **endpoint), home, some_requests(10)))
