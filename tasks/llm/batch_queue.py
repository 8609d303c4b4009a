"""The server's queue of batches: what is in it, how far it is, and the limit of tokens that it may hold."""

import asyncio
import random
from collections import Counter
from collections.abc import Callable
from contextlib import suppress

from openai.types import Batch

from tasks.errors import EvergreenError
from tasks.llm.batch_server import BatchServer, counts_of
from tasks.llm.batch_shards import Shard, Shards
from tasks.llm.client import clean_code
from tasks.llm.work import Work

_ENDED = frozenset({"completed", "failed", "expired", "cancelled"})
_TOKEN_LIMIT = "token_limit_exceeded"  # noqa: S105
# A batch that is over the account's limit of enqueued tokens is submitted again after this at the latest, and
# not more often than that while no other batch of ours is in its way: together, some three hours.
_LONGEST_WAIT_SECONDS = 600.0
_MOST_REFUSALS = 20


class BatchQueue:
    """Brings shards to the server, one after the other, and tells when their batches have ended."""

    def __init__(
        self,
        work: Work,
        server: BatchServer,
        shards: Shards,
        poll_seconds: float,
        report: Callable[[str], None],
    ) -> None:
        self._stage = work.stage
        self._name = work.endpoint.name
        self._most_tokens = work.endpoint.enqueued_tokens
        self._server = server
        self._shards = shards
        self._poll_seconds = poll_seconds
        self._report = report
        # Its order need not be repeatable: jitter keeps clients of one server apart.
        self._jitter = random.Random()  # noqa: S311
        self._sending = asyncio.Lock()
        self._shrunk = asyncio.Event()
        # By shard: its tokens, and how often it was refused while it was alone.
        self._enqueued: dict[str, int] = {}
        self._refusals: Counter[str] = Counter()

    async def submit(self, shard: Shard) -> None:
        """See that a shard is at the server; returns once there was room for it."""
        if shard.batch_id:
            self._enqueued[shard.id] = shard.input_tokens
        else:
            async with self._sending:
                await self._send(shard)

    async def ended(self, shard: Shard) -> Batch:
        """The batch of a shard that is submitted, once nothing more comes.

        Raises:
            EvergreenError: it was refused, or is unknown to the server. Of a refused one nothing was done:
                its shard is forgotten, and its requests may be asked anew.
        """
        while True:
            batch = await self._poll(shard)
            del self._enqueued[shard.id]
            self._shrunk.set()
            self._shrunk = asyncio.Event()
            if batch.status != "failed":
                return batch
            found = batch.errors.data or [] if batch.errors else []
            codes = sorted({clean_code(error.code) or "unknown" for error in found})
            if codes != [_TOKEN_LIMIT]:
                raise self._refused(shard, ", ".join(codes))
            shard.batch_id = ""
            self._shards.save(shard)
            # Others that come now would be refused as well: they wait for the lock.
            async with self._sending:
                await self._wait_for_tokens(shard)
                await self._send(shard)

    async def _send(self, shard: Shard) -> None:
        while self._enqueued and 0 < self._most_tokens < sum(self._enqueued.values()) + shard.input_tokens:
            await self._shrunk.wait()
        if not shard.file_id:
            shard.file_id = await self._server.upload(self._shards.path(shard, "jsonl"))
            self._shards.save(shard)
        batch = await self._server.create(shard.file_id, shard.id, self._stage)
        shard.batch_id = batch.id
        self._shards.save(shard)
        self._enqueued[shard.id] = shard.input_tokens
        self._report(f"a batch of {len(shard.items):,} requests is submitted")

    async def _poll(self, shard: Shard) -> Batch:
        shown = 0
        while True:
            batch = await self._server.look(shard.batch_id)
            if batch is None:
                raise EvergreenError(
                    f"endpoint {self._name}: the server does not know batch {shard.batch_id}, which was "
                    "submitted: does the key belong to the same project? If the batch is lost, its requests "
                    f"are asked again once {self._shards.path(shard, 'json')} is deleted"
                )
            answered, total = counts_of(batch)
            if total and 10 * answered // total > shown:
                shown = 10 * answered // total
                self._report(f"a batch has {answered:,} of {total:,} requests answered")
            if batch.status in _ENDED:
                return batch
            await asyncio.sleep(self._poll_seconds * self._jitter.uniform(0.8, 1.2))

    async def _wait_for_tokens(self, shard: Shard) -> None:
        self._report(f"endpoint {self._name}: its limit of enqueued tokens is reached; waiting")
        seconds = _LONGEST_WAIT_SECONDS
        if not self._enqueued:
            self._refusals[shard.id] += 1
            seconds = min(seconds, self._poll_seconds * 2 ** self._refusals[shard.id])
        if self._refusals[shard.id] > _MOST_REFUSALS:
            raise self._refused(
                shard,
                f"{_TOKEN_LIMIT}, though no other batch of this run is under way: set enqueued_tokens of the "
                "endpoint below the account's limit for the model, or wait for other batches",
            )
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._shrunk.wait()

    def _refused(self, shard: Shard, why: str) -> EvergreenError:
        self._shards.settle(shard)
        return EvergreenError(
            f"endpoint {self._name}: a batch was refused: {why}; others go on at the server and are taken up "
            "by the next run"
        )
