"""What the tests of calls share: an endpoint on a loopback server, texts to ask, a pool that asks them."""

import asyncio
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tasks.errors import EvergreenError
from tasks.llm.budget import Budget
from tasks.llm.call import Call, Request, request_key
from tasks.llm.client import CHAT, connect
from tasks.llm.endpoint import Endpoint, Price
from tasks.llm.journal import Journal
from tasks.llm.outcome import Outcome
from tasks.llm.pool import Pool
from tasks.llm.requests import chat_request
from tasks.llm.work import Work
from tests.openai_server import counts
from tests.openai_server.process import OpenAIServer

TEXTS = [f"question {number}" for number in range(40)]
PRICE = Price(input=1, output=2)
GARBAGE = "Sure!"  # how the server's answers of no use begin


@dataclass(frozen=True)
class Plain:
    """A text is the whole request; any answer will do but the server's garbage."""

    max_tokens: int = 50

    def body(self, text: str) -> dict[str, Any]:
        return {"messages": [{"role": "user", "content": text}], "max_tokens": self.max_tokens}

    def read(self, answer: str) -> Outcome:
        return Outcome.UNPARSABLE if answer.startswith(GARBAGE) else Outcome.OK


PLAIN = Plain()


def endpoint_of(server: OpenAIServer, **fields: Any) -> Endpoint:
    """The loopback server as an endpoint that gives up soon."""
    usual = {"name": "loopback", "model": "m", "api_key_env": "", "concurrency": 8, "max_attempts": 3}
    return Endpoint(**{**usual, "base_url": server.base_url, "timeout_seconds": 10, "price": PRICE, **fields})


def write_endpoints(folder: Path, server: OpenAIServer, **models: dict[str, Any]) -> str:
    """A file of endpoints on the loopback server, each under its model's name; its path."""
    entries = {
        model: endpoint_of(server, **{"model": model, **fields}).model_dump(exclude={"name"})
        for model, fields in models.items()
    }
    path = folder / "endpoints.yaml"
    path.write_text(json.dumps(entries))  # YAML, too
    return str(path)


def requests_of(endpoint: Endpoint, texts: Iterable[str]) -> Iterator[Request]:
    for text in texts:
        body = PLAIN.body(text)
        yield chat_request(request_key(endpoint.model, body), body, endpoint, PLAIN, 1)


def server_key(text: str, model: str = "m") -> str:
    """What the server counts the request for a text under."""
    return counts.request_key({"model": model, **PLAIN.body(text)})


def asked_of(server: OpenAIServer) -> dict[str, int]:
    """How often the server was asked about each of the texts."""
    asked = server.counts()["asked"]
    return {text: asked.get(server_key(text), 0) for text in TEXTS}


def call_of(key: str = "k", **fields: Any) -> Call:
    """A call that ended well."""
    usual: dict[str, Any] = {
        "call_id": f"id of {key}",
        "key": key,
        "stage": "annotate",
        "run_id": "run-1",
        "endpoint": "loopback",
        "model": "m",
        "mode": "sync",
        "round": 1,
        "outcome": Outcome.OK,
        "text": "[1, 3]",
        "error": "",
        "input_tokens": 10,
        "cached_tokens": 0,
        "output_tokens": 5,
        "usd": 0.00002,
        "latency_seconds": 0.5,
        "attempts": 1,
        "asked_at": "2026-01-01T00:00:00.000",
    }
    return Call(**{**usual, **fields})


@dataclass
class Asked:
    """How a pool ended."""

    budget: Budget
    path: Path
    error: EvergreenError | None = None
    outcomes: Counter[Outcome] = field(default_factory=Counter)

    @property
    def calls(self) -> list[dict[str, Any]]:
        """What is journaled."""
        return [json.loads(line) for line in self.path.read_bytes().splitlines()]


def ask(
    endpoint: Endpoint,
    requests: Iterable[Request],
    path: Path,
    budget: Budget | None = None,
    watch: Callable[[Pool], None] = lambda _: None,
    **work: Any,
) -> Asked:
    """Ask all requests in a pool; an error that a user would see is part of the result."""
    asked = Asked(budget or Budget(0, 0), path)

    async def main() -> None:
        async with connect(endpoint) as client, Journal(path) as journal:
            fields = {"stage": "annotate", "run_id": "run-1", "api": CHAT, "read": PLAIN.read, **work}
            pool = Pool(
                Work(endpoint=endpoint, **fields), client, journal, asked.budget, endpoint.concurrency
            )
            watcher = asyncio.create_task(_repeat(lambda: watch(pool)))
            try:
                await pool.run(requests)
            except EvergreenError as error:
                asked.error = error
            finally:
                watcher.cancel()
                asked.outcomes = pool.outcomes

    asyncio.run(main())
    return asked


async def _repeat(look: Callable[[], None]) -> None:
    while True:
        look()
        await asyncio.sleep(0.02)
