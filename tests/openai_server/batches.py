"""Batches: validating → in_progress → finalizing → completed, or failed, expired or cancelled."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any, Final

import orjson

from tests.openai_server import batch_input, errors
from tests.openai_server.batch_input import Item
from tests.openai_server.errors import ApiError
from tests.openai_server.files import Files
from tests.openai_server.options import Options

# A request's body and endpoint to its response, or to None if the server did not come to it.
Execute = Callable[[dict[str, Any], str], dict[str, Any] | None]

_STATES: Final = ("validating", "in_progress", "finalizing")
_ENDED: Final = ("completed", "failed", "expired", "cancelled")
_PARTS: Final = (0.1, 0.9, 1.0)  # of a batch's time by which each state ends
_SLICE: Final = 200  # items worked on before other requests have their turn
_DAY: Final = 86_400


@dataclass(slots=True)
class Batch:
    """One batch, as the API shows it, and what the server knows besides."""

    shown: dict[str, Any]
    created: float  # monotonic seconds
    items: list[Item] = field(default_factory=list)
    tokens: int = 0
    expired: bool = False
    work: "asyncio.Task[None] | None" = None

    @property
    def status(self) -> str:
        return str(self.shown["status"])

    def enter(self, status: str) -> None:
        self.shown["status"] = status
        self.shown[f"{status}_at"] = int(time.time())


class Batches:
    """All batches of a server. States move on when somebody looks."""

    def __init__(self, options: Options, files: Files, execute: Execute) -> None:
        self._options = options
        self._files = files
        self._execute = execute
        self._by_id: dict[str, Batch] = {}

    def create(self, body: dict[str, Any]) -> dict[str, Any]:
        _check(body)
        self._files.get(body["input_file_id"])
        now = int(time.time())
        stamps = (f"{status}_at" for status in (*_STATES[1:], *_ENDED, "cancelling"))
        shown: dict[str, Any] = dict.fromkeys(stamps)
        shown |= {
            "id": f"batch_{len(self._by_id) + 1:024x}",
            "object": "batch",
            "endpoint": body["endpoint"],
            "input_file_id": body["input_file_id"],
            "completion_window": body["completion_window"],
            "metadata": body.get("metadata"),
            "status": "validating",
            "created_at": now,
            "expires_at": now + _DAY,
            "errors": None,
            "model": None,
            "output_file_id": None,
            "error_file_id": None,
            "request_counts": {"total": 0, "completed": 0, "failed": 0},
        }
        self._by_id[shown["id"]] = Batch(shown, time.monotonic())
        return shown

    def get(self, name: str, *, polled: bool = True) -> dict[str, Any]:
        """A batch as it is now; without a set time, a poll moves it on by one state."""
        batch = self._named(name)
        for _ in range(self._due(batch, polled=polled)):
            self._next(batch)
        return batch.shown

    def newest_first(self) -> list[dict[str, Any]]:
        return [self.get(name, polled=False) for name in reversed(self._by_id)]

    def cancel(self, name: str) -> dict[str, Any]:
        """Stop a batch; what it has got to by now stays."""
        batch = self._named(name)
        self.get(name, polled=False)
        if batch.status not in _STATES:
            raise ApiError(409, f"Cannot cancel a batch with status '{batch.status}'.")
        done = self._progress(batch)
        batch.enter("cancelling")
        batch.work = asyncio.create_task(self._work(batch, done))
        return batch.shown

    def _named(self, name: str) -> Batch:
        if name not in self._by_id:
            raise errors.not_found("batch", name)
        return self._by_id[name]

    def _due(self, batch: Batch, *, polled: bool) -> int:
        """By how many states a batch is behind."""
        if batch.status in _ENDED:
            return 0
        if not self._options.batch_seconds:
            return int(polled)
        if batch.status == "cancelling":
            return 1
        passed = (time.monotonic() - batch.created) / self._options.batch_seconds
        return sum(passed >= part for part in _PARTS[_STATES.index(batch.status) :])

    def _progress(self, batch: Batch) -> int:
        """How many items a batch in progress has got to: by its time, or half of them."""
        if batch.status != "in_progress":
            return len(batch.items) if batch.status == "finalizing" else 0
        if not self._options.batch_seconds:
            return len(batch.items) // 2
        start, end, _ = _PARTS
        passed = (time.monotonic() - batch.created) / self._options.batch_seconds
        return int(len(batch.items) * min(1.0, max(0.0, (passed - start) / (end - start))))

    def _next(self, batch: Batch) -> None:
        if batch.status == "validating":
            self._validate(batch)
        elif batch.status == "in_progress":
            batch.enter("finalizing")
            batch.work = asyncio.create_task(self._work(batch, len(batch.items)))
        elif batch.work is not None and batch.work.done():
            ended = "expired" if batch.expired else "completed"
            batch.enter("cancelled" if batch.status == "cancelling" else ended)

    def _validate(self, batch: Batch) -> None:
        shown = batch.shown
        models = {name for name in self._options.models.split(",") if name}
        content = self._files.get(shown["input_file_id"]).content
        items, wrong = batch_input.read(content, shown["endpoint"], models)
        if len(items) > self._options.batch_requests:
            message = f"The batch has more than {self._options.batch_requests} requests."
            wrong = [batch_input.failure("too_many_tasks", message)]
        elif not wrong:
            batch.items, shown["model"] = items, items[0][1]["model"]
            wrong = self._too_many_tokens(batch)
        if wrong:
            batch.items = []
            shown["errors"] = {"object": "list", "data": wrong}
            batch.enter("failed")
            return
        shown["request_counts"]["total"] = len(items)
        batch.enter("in_progress")

    def _too_many_tokens(self, batch: Batch) -> list[dict[str, Any]]:
        limit = self._options.enqueued_tokens
        if not limit:
            return []
        model = batch.shown["model"]
        batch.tokens = batch_input.tokens(batch.items, batch.shown["endpoint"])
        others = (b for b in self._by_id.values() if b.status in {*_STATES[1:], "cancelling"})
        enqueued = sum(other.tokens for other in others if other.shown["model"] == model)
        if enqueued + batch.tokens <= limit:
            return []
        message = (
            f"Enqueued token limit reached for {model} in organization org-loopback. Limit: {limit:,} "
            "enqueued tokens. Please try again once some in_progress batches have been completed."
        )
        return [batch_input.failure("token_limit_exceeded", message)]

    async def _work(self, batch: Batch, done: int) -> None:
        """Answer the first `done` items, in an order of the server's own, and write both files."""
        shown = batch.shown
        order = sorted(batch.items, key=lambda item: _rank(shown["id"], item[0]))
        written: dict[str, list[bytes]] = {"output": [], "error": []}
        for number, (custom_id, body) in enumerate(order):
            if number % _SLICE == 0:
                await asyncio.sleep(0)
            file, row = self._row(batch, body, cancelled=number >= done)
            written[file].append(orjson.dumps(row | {"custom_id": custom_id}))
            shown["request_counts"]["completed" if file == "output" else "failed"] += 1
        for file, lines in written.items():
            if lines:
                content = b"\n".join(lines) + b"\n"
                added = self._files.add(f"{shown['id']}_{file}.jsonl", "batch_output", content)
                shown[f"{file}_file_id"] = added.id

    def _row(self, batch: Batch, body: dict[str, Any], *, cancelled: bool) -> tuple[str, dict[str, Any]]:
        """An item's line, without its custom_id, and the file that it belongs to."""
        row: dict[str, Any] = {"id": f"batch_req_{time.time_ns():x}", "response": None, "error": None}
        if cancelled:
            row["error"] = {
                "code": "batch_cancelled",
                "message": "The batch of this request was cancelled.",
            }
            return "error", row
        row["response"] = self._execute(body, batch.shown["endpoint"])
        if row["response"] is None:
            batch.expired = True
            message = "This request could not be executed before the completion window expired."
            row["error"] = {"code": "batch_expired", "message": message}
            return "error", row
        return "output" if row["response"]["status_code"] == 200 else "error", row


def _rank(batch: str, custom_id: str) -> bytes:
    return blake2b(f"{batch} {custom_id}".encode(), digest_size=8).digest()


def _check(body: dict[str, Any]) -> None:
    for key in ("input_file_id", "endpoint", "completion_window"):
        if not isinstance(body.get(key), str):
            raise errors.missing(key)
    if body["endpoint"] not in batch_input.ENDPOINTS:
        raise ApiError(400, "Invalid value for 'endpoint'.", param="endpoint", code="invalid_value")
    if body["completion_window"] != "24h":
        raise ApiError(400, "Only '24h' is supported.", param="completion_window", code="invalid_value")
    metadata = body.get("metadata") or {}
    sizes = ((len(key), len(value)) for key, value in metadata.items())
    if len(metadata) > 16 or any(key > 64 or value > 512 for key, value in sizes):
        raise ApiError(400, "Invalid 'metadata': too large.", param="metadata", code="invalid_value")
