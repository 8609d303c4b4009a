"""The Batch API over HTTP: files up and down, batches made, found and looked at, with a night's patience."""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Literal, TypeVar, cast

import httpx2
import openai
import orjson
from openai import AsyncOpenAI, Omit, omit

from tasks.errors import EvergreenError
from tasks.llm.batch_status import SHARD, STAGE, Batch, read_batch
from tasks.llm.client import Failure, describe_status
from tasks.llm.limits import backoff

T = TypeVar("T")

# A run overnight outlives a server that is down for hours: what it waits for is paid for.
PATIENCE_SECONDS = 12 * 3600.0
# No server's Retry-After is worth a longer sleep than this between two tries.
_LONGEST_WAIT_SECONDS = 300.0
# By so much a server's clock may be behind ours.
_CLOCK_SECONDS = 24 * 3600.0
_PAGE = 100  # the most that the API gives at once


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
                response = await self._client.files.with_raw_response.create(file=file, purpose="batch")
            return str(orjson.loads(response.content)["id"])

        return await self._patiently(once)

    async def has_file(self, file: str) -> bool:
        """Whether an uploaded file is still there."""

        async def once() -> bool:
            await self._client.files.with_raw_response.retrieve(file)
            return True

        return bool(await self._unless_gone(once))

    async def create(self, path: str, file: str, shard: str, stage: str, since: float) -> Batch:
        """Make a batch. Where an answer got lost, the batch is looked for before another one is made.

        Args:
            path: the operation, as `/v1/embeddings`.
            file: the id of the uploaded input.
            shard: the id of the shard.
            stage: the stage's name.
            since: when the shard was made, in seconds since 1970.
        """
        endpoint = cast(Literal["/v1/chat/completions", "/v1/embeddings"], path)
        tries = 0

        async def once() -> Batch:
            nonlocal tries
            tries += 1
            if tries > 1:
                # The server may still be at it.
                await asyncio.sleep(self._poll_seconds)
                if batch := (await self._find({shard}, since)).get(shard):
                    return batch
            response = await self._client.batches.with_raw_response.create(
                completion_window="24h",
                endpoint=endpoint,
                input_file_id=file,
                metadata={SHARD: shard, STAGE: stage},
            )
            return read_batch(orjson.loads(response.content))

        return await self._patiently(once)

    async def find(self, shards: set[str], since: float) -> dict[str, Batch]:
        """The batches of shards, by shard; failed ones do not count, nothing of them is under way.

        Args:
            shards: the shards' ids.
            since: when the oldest of them was made, in seconds since 1970.
        """
        return await self._patiently(lambda: self._find(shards, since))

    async def look(self, batch: str) -> Batch | None:
        """A batch as it is now; nothing if the server does not know it."""

        async def once() -> Batch:
            response = await self._client.batches.with_raw_response.retrieve(batch)
            return read_batch(orjson.loads(response.content))

        return await self._unless_gone(once)

    async def download(self, file: str, path: Path) -> bool:
        """Stream a file to the disk; false if the server has it no more."""

        async def once() -> bool:
            async with self._client.files.with_streaming_response.content(file) as response:
                await response.stream_to_file(path)
            return True

        return bool(await self._unless_gone(once))

    async def remove(self, file: str) -> None:
        """Delete a file if that is possible: it takes up room only."""
        with suppress(Failure), _failures():
            await self._client.files.with_raw_response.delete(file)

    async def _find(self, shards: set[str], since: float) -> dict[str, Batch]:
        found: dict[str, Batch] = {}
        async for batch in self._newest_first():
            if batch.created_at < since - _CLOCK_SECONDS or found.keys() == shards:
                break
            if batch.shard in shards and batch.status != "failed":
                found[batch.shard] = batch
        return found

    async def _newest_first(self) -> AsyncIterator[Batch]:
        after: str | Omit = omit
        while True:
            response = await self._client.batches.with_raw_response.list(limit=_PAGE, after=after)
            page = orjson.loads(response.content)
            for row in page["data"]:
                yield read_batch(row)
            if not page.get("has_more") or not page["data"]:
                return
            after = str(page["data"][-1]["id"])

    async def _unless_gone(self, once: Callable[[], Awaitable[T]]) -> T | None:
        async def quietly() -> T | None:
            try:
                with _failures():
                    return await once()
            except Failure as failure:
                if failure.kind.startswith("http_404"):
                    return None
                raise

        return await self._patiently(quietly)

    async def _patiently(self, once: Callable[[], Awaitable[T]]) -> T:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + PATIENCE_SECONDS
        attempt = 0
        while True:
            attempt += 1
            try:
                with _failures():
                    return await once()
            except Failure as failure:
                if failure.advice or not failure.can_retry or loop.time() > deadline:
                    raise EvergreenError(self._given_up(failure)) from None
                if attempt == 3:
                    self._report(f"endpoint {self._name}: {failure.kind}; trying on for some hours")
                await asyncio.sleep(
                    min(_LONGEST_WAIT_SECONDS, max(failure.wait_seconds, backoff(attempt, self._jitter)))
                )

    def _given_up(self, failure: Failure) -> str:
        why = f"endpoint {self._name}: {failure.kind}" + (f": {failure.advice}" if failure.advice else "")
        return f"{why}; batches at the server go on there and are taken up by the next run"


@contextmanager
def _failures() -> Iterator[None]:
    """Turn what the SDK raises into a `Failure`, without a word of the server's."""
    try:
        yield
    except openai.APIStatusError as error:
        raise describe_status(error) from None
    except openai.APITimeoutError:
        raise Failure("timeout", can_retry=True) from None
    except (openai.APIConnectionError, httpx2.HTTPError):
        raise Failure("connection", can_retry=True) from None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise Failure("bad_json", can_retry=True) from None
