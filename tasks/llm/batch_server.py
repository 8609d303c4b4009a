"""The Batch API over HTTP: files up and down, batches made, found and looked at, with a night's patience.

What is read of the server's answers has not a word of its own, but for codes.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

import httpx2
import openai
from openai import AsyncOpenAI
from openai.types import Batch

from tasks.errors import EvergreenError
from tasks.llm.call import Reply
from tasks.llm.client import Api, Failure, clean_code, describe_status, failures
from tasks.llm.limits import backoff

T = TypeVar("T")

# A run overnight outlives a server that is down for hours: what it waits for is paid for.
PATIENCE_SECONDS = 12 * 3600.0
# No server's Retry-After is worth a longer sleep than this between two tries.
_LONGEST_WAIT_SECONDS = 300.0
# How often a batch is looked for that may have been made: a server can be late to list it.
_LOOKS = 3
_PAGE = 100  # the most that the API gives at once
# Our mark on a batch: by it a batch is found whose id was never written down.
_SHARD = "evergreen_shard"
_STAGE = "evergreen_stage"
_ANYWHERE = httpx2.Request("POST", "https://batch")


class _Gone(EvergreenError):
    """The server has not what was asked for."""


class BatchServer:
    """The files and batches of one account. What fails for a while is tried again, for hours."""

    def __init__(
        self, client: AsyncOpenAI, name: str, poll_seconds: float, report: Callable[[str], None]
    ) -> None:
        self._client = client
        self._name = name
        self._poll_seconds = poll_seconds
        self._report = report
        # Its order need not be repeatable: jitter keeps clients of one server apart.
        self._jitter = random.Random()  # noqa: S311

    async def upload(self, path: Path) -> str:
        """Upload an input file, streamed from the disk; its id there."""

        async def once() -> str:
            with path.open("rb") as file:
                uploaded = await self._client.files.create(file=file, purpose="batch")
            if not uploaded.id:
                raise ValueError("no file")
            return uploaded.id

        return await self._patiently(once)

    async def create(self, file: str, shard: str, stage: str) -> Batch:
        """Make a batch of an uploaded file, marked with the id of its shard.

        Where an answer got lost, the batch is looked for before another one is made.
        """
        tries = 0

        async def once() -> Batch:
            nonlocal tries
            tries += 1
            if tries > 1:
                # The server may still be at it.
                await asyncio.sleep(self._poll_seconds)
                if batch := (await self._find({shard})).get(shard):
                    return batch
            return _checked(
                await self._client.batches.create(
                    completion_window="24h",
                    endpoint="/v1/chat/completions",
                    input_file_id=file,
                    metadata={_SHARD: shard, _STAGE: stage},
                )
            )

        return await self._patiently(once)

    async def find(self, shards: set[str]) -> dict[str, Batch]:
        """The batches of shards, by shard, looked for during `poll_seconds` until there is one for each.

        Failed ones do not count: nothing of them is under way.
        """
        found = await self._patiently(lambda: self._find(shards))
        for _ in range(_LOOKS - 1):
            if found.keys() == shards:
                break
            await asyncio.sleep(self._poll_seconds / (_LOOKS - 1))
            found = await self._patiently(lambda: self._find(shards))
        return found

    async def look(self, batch: str) -> Batch | None:
        """A batch as it is now; nothing if the server does not know it."""

        async def once() -> Batch:
            return _checked(await self._client.batches.retrieve(batch))

        return await self._unless_gone(once)

    async def fetch(self, batch: Batch, manifest: Path) -> list[Path]:
        """Stream the files of a batch's results to the disk, next to the manifest of its shard.

        Raises:
            EvergreenError: one of them is gone. The batch was paid for: only a person may have it made again.
        """
        answered, total = counts_of(batch)
        files = {".output.jsonl": batch.output_file_id, ".error.jsonl": batch.error_file_id}
        paths = {manifest.with_suffix(suffix): file for suffix, file in files.items() if file}
        there = [await self._download(file, path) for path, file in paths.items()]
        if None in there or (answered and not batch.output_file_id):
            raise EvergreenError(
                f"endpoint {self._name}: the results of batch {batch.id} are gone from the server, which "
                f"answered {answered:,} of its {total:,} requests. All of them are asked, and paid for, once "
                f"more if {manifest} is deleted"
            )
        return list(paths)

    async def remove(self, file: str) -> None:
        """Delete a file if that is possible: it takes up room only."""
        with suppress(Failure), failures():
            await self._client.files.with_raw_response.delete(file)

    async def _download(self, file: str, path: Path) -> bool | None:
        async def once() -> bool:
            async with self._client.files.with_streaming_response.content(file) as response:
                await response.stream_to_file(path)
            return True

        return await self._unless_gone(once)

    async def _find(self, shards: set[str]) -> dict[str, Batch]:
        found: dict[str, Batch] = {}
        page = await self._client.batches.list(limit=_PAGE)
        while True:
            # By its field: the SDK takes a page of another shape for an empty one.
            for batch in page.data:
                if shard_of(batch) in shards and batch.status != "failed":
                    found[shard_of(batch)] = _checked(batch)
            if found.keys() == shards or not page.has_next_page():
                return found
            page = await page.get_next_page()

    async def _unless_gone(self, once: Callable[[], Awaitable[T]]) -> T | None:
        try:
            return await self._patiently(once)
        except _Gone:
            return None

    async def _patiently(self, once: Callable[[], Awaitable[T]]) -> T:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + PATIENCE_SECONDS
        attempt = 0
        while True:
            attempt += 1
            try:
                with failures():
                    return await once()
            except Failure as error:
                failure = error
            except (KeyError, TypeError, AttributeError, ValueError):  # JSON of another shape
                failure = Failure("bad_json", can_retry=True)
            if failure.advice or not failure.can_retry or loop.time() > deadline:
                stop = _Gone if failure.kind.startswith("http_404") else EvergreenError
                why = failure.kind + (f": {failure.advice}" if failure.advice else "")
                raise stop(
                    f"endpoint {self._name}: {why}; batches at the server go on there and are taken up by "
                    "the next run"
                )
            if attempt == 3:
                self._report(f"endpoint {self._name}: {failure.kind}; trying on for some hours")
            wait = max(failure.wait_seconds, backoff(attempt, self._jitter))
            await asyncio.sleep(min(_LONGEST_WAIT_SECONDS, wait))


def read_result(api: Api, result: dict[str, Any]) -> Reply:
    """The reply in a line of a result file, whose object is empty if there was no such line.

    Raises:
        Failure: there is none.
    """
    response, error = result.get("response"), result.get("error")
    if not isinstance(response, dict):
        code = clean_code(error.get("code")) if isinstance(error, dict) else ""
        raise Failure(code or "no_result", can_retry=True)
    status, body = response.get("status_code"), response.get("body")
    if status == 200 and isinstance(body, dict):
        return api.read(body, {})
    if not isinstance(status, int) or not 400 <= status < 600:
        raise Failure("bad_json", can_retry=True)
    stated = body.get("error") if isinstance(body, dict) else None
    answer = httpx2.Response(status, request=_ANYWHERE)
    raise describe_status(openai.APIStatusError("", response=answer, body=stated))


def seconds_of(batch: Batch) -> float:
    """Seconds from a batch's creation to its end, by the server's clock; 0 before that."""
    ended = batch.completed_at or batch.expired_at or batch.cancelled_at or batch.failed_at
    return max(0.0, float(ended - batch.created_at)) if ended else 0.0


def shard_of(batch: Batch) -> str:
    """The id of the shard that was submitted; empty for the batches of others."""
    return (batch.metadata or {}).get(_SHARD, "")


def counts_of(batch: Batch) -> tuple[int, int]:
    """How many requests of a batch were answered, and how many it has."""
    counts = batch.request_counts
    return (counts.completed, counts.total) if counts else (0, 0)


def _checked(batch: Batch) -> Batch:
    """A batch that has what it must have: the SDK passes on what is none."""
    if not (isinstance(batch, Batch) and batch.id and batch.status):
        raise ValueError("no batch")
    return batch
