"""OpenAI's Batch API: half the price, answers within a day, and no batch that is paid for twice."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from itertools import chain, islice
from pathlib import Path

from openai import AsyncOpenAI
from openai.types import Batch

from tasks.errors import BudgetSpent, EvergreenError
from tasks.llm.batch_queue import BatchQueue
from tasks.llm.batch_server import BatchServer
from tasks.llm.batch_shards import Draft, Results, Shard, Shards, input_line
from tasks.llm.budget import Budget
from tasks.llm.call import Call, Request
from tasks.llm.journal import Journal, journal_folder, read_journal
from tasks.llm.outcome import Outcome
from tasks.llm.work import Work

# Lines of a result file that are read, and journaled with one flush to the disk.
_LINES = 500


class Batches:
    """Asks a chat model all that a stage has to ask, in batches that go out in waves.

    The first wave takes up what earlier runs left, and asks all else. When that is journaled, another one
    asks again what failed for the moment, for `max_attempts` waves, and once more for answers of no use.
    What is under way is on the disk before it is at the server: a run that ends at any moment leaves its
    batches to the next one, which asks none of their requests anew.

    Who cancels a batch on OpenAI's pages wants it to stop: what it answered counts, and the rest ends in
    `error`, which only the next run asks again. Of a batch whose results are gone from the server nothing is
    asked again before a person says so: it was paid for.
    """

    def __init__(  # noqa: PLR0913
        self,
        work: Work,
        client: AsyncOpenAI,
        journal: Journal,
        budget: Budget,
        folder: Path,
        poll_seconds: float,
        report: Callable[[str], None],
    ) -> None:
        """Batches of a stage and an endpoint.

        Args:
            work: what is asked.
            client: of the endpoint.
            journal: where calls are kept.
            budget: what may still be spent.
            folder: where the batches of all stages are, in the home, until their answers are journaled.
            poll_seconds: how often the server is asked how far a batch is.
            report: takes a line of progress.
        """
        self._work = work
        self._journal = journal
        self._budget = budget
        self._journals = journal_folder(str(folder.parent)) / work.stage
        self._report = report
        self._shards = Shards(folder, work)
        self._server = BatchServer(client, work.endpoint.name, poll_seconds, report)
        self._queue = BatchQueue(work, self._server, self._shards, poll_seconds, report)
        self._draft = Draft(self._shards, work)
        self._reading = asyncio.Lock()
        self._finished = asyncio.Event()
        self._wave = 1
        self._asked: set[str] = set()
        self._again: list[tuple[Shard, dict[str, int]]] = []  # settled shards, with the rounds that are due
        self._journaled: set[str] = set()  # ids of the calls that earlier runs kept
        self._reserved: dict[str, float] = {}  # by shard, USD
        self._spent: BudgetSpent | None = None
        self._answers = 0
        self._answered_tokens = 0
        self.outcomes: Counter[Outcome] = Counter()

    async def run(self, requests: Iterable[Request]) -> None:
        """Take up the batches of earlier runs, ask all else; returns when all calls are journaled.

        Raises:
            BudgetSpent: the budget would be passed; the batches under way have ended.
            EvergreenError: no further batch makes sense, or the disk is full. What was answered is journaled,
                and batches at the server are taken up by the next run.
        """
        try:
            await self._ask(self._new(requests), await self._unfinished())
            while self._again and not self._spent:
                again, self._again = self._again, []
                self._wave += 1
                self._report(f"{sum(len(rounds) for _, rounds in again):,} requests are asked again")
                await self._ask(chain.from_iterable(self._shards.take_back(*settled) for settled in again))
        finally:
            self._draft.close()
            self._shards.sweep()
        if self._spent:
            raise self._spent

    def _new(self, requests: Iterable[Request]) -> Iterator[tuple[Request, bytes]]:
        """Requests that are not under way, each with its line."""
        for request in requests:
            if request.key not in self._asked:
                self._asked.add(request.key)
                yield request, input_line(self._work, request)

    async def _unfinished(self) -> list[Shard]:
        """The batches that earlier runs left at the server; what they did not submit is asked anew."""
        shards = await asyncio.to_thread(self._shards.load)
        # A run that is killed may have submitted these before it could say so.
        unsure = {shard.id: shard for shard in shards if not shard.batch_id}
        if unsure:
            found = await self._server.find(set(unsure))
            for name, shard in unsure.items():
                if name in found:
                    shard.batch_id = found[name].id
                    self._shards.save(shard)
                else:
                    self._shards.settle(shard)
        if shards:
            self._journaled = await asyncio.to_thread(_call_ids, self._journals)
        return [shard for shard in shards if shard.batch_id]

    async def _ask(self, lines: Iterable[tuple[Request, bytes]], shards: Iterable[Shard] = ()) -> None:
        """One wave: see these shards through, and ask all requests."""
        try:
            async with asyncio.TaskGroup() as self._tasks:
                for shard in shards:
                    self._report(f"a batch of {len(shard.items):,} requests of an earlier run is taken up")
                    self._asked.update(shard.items)
                    self._start(shard, self._reserve(shard))
                await self._dispatch(lines)
        except BaseExceptionGroup as group:
            raise _first(group) from None

    def _reserve(self, shard: Shard) -> float:
        """Set aside what a batch at the server will cost: nothing over the limit, as it is paid anyway."""
        try:
            self._budget.reserve(shard.expected_usd)
        except BudgetSpent:
            return 0.0
        return shard.expected_usd

    async def _dispatch(self, lines: Iterable[tuple[Request, bytes]]) -> None:
        for request, line in lines:
            await asyncio.sleep(0)  # others have their turn
            if not self._draft.has_room(request, line):
                await self._launch()
            usd = self._cost(request)
            if not await self._afford(usd):
                break
            self._draft.add(request, line, usd)
        await self._launch()

    async def _afford(self, usd: float) -> bool:
        """Set an expected cost aside; near the limit, batches under way end first: they may cost less."""
        while not self._spent:
            try:
                self._budget.reserve(usd)
            except BudgetSpent as error:
                if self._draft.shard.items:
                    await self._launch()
                elif self._reserved:
                    await self._finished.wait()
                else:
                    self._spent = error
            else:
                return True
        return False

    async def _launch(self) -> None:
        """Submit what the draft holds, and begin another one."""
        draft, self._draft = self._draft, Draft(self._shards, self._work)
        if draft.shard.items:
            shard = await asyncio.to_thread(draft.close)
            await self._queue.submit(shard)
            self._start(shard, shard.expected_usd)

    def _start(self, shard: Shard, reserved: float) -> None:
        self._reserved[shard.id] = reserved
        self._tasks.create_task(self._see_through(shard))

    async def _see_through(self, shard: Shard) -> None:
        await self._queue.submit(shard)
        batch = await self._queue.ended(shard)
        # One at a time: the answers of each are in memory.
        async with self._reading:
            await self._finish(shard, batch)
        self._finished.set()
        self._finished = asyncio.Event()

    async def _finish(self, shard: Shard, batch: Batch) -> None:
        """Journal a batch, and forget it but for what is to be asked again.

        Raises:
            EvergreenError: its results are gone; or the account has no credit, or may not use the model.
        """
        results = Results(self._work, shard, batch, self._wave >= self._work.endpoint.max_attempts)
        usd = 0.0
        for path in await self._server.fetch(batch, self._shards.path(shard, "json")):
            with path.open("rb") as file:
                while lines := list(islice(file, _LINES)):
                    usd += await self._keep(await asyncio.to_thread(results.read, lines), results)
        usd += await self._keep(results.read_missing(), results)
        self._budget.settle(self._reserved.pop(shard.id), usd)
        self._shards.settle(shard)
        if results.again:
            self._again.append((shard, results.again))
        for file_id in filter(None, (shard.file_id, batch.output_file_id, batch.error_file_id)):
            await self._server.remove(file_id)
        if results.refusal:
            name, failure = self._work.endpoint.name, results.refusal
            raise EvergreenError(
                f"endpoint {name}: {failure.kind}: {failure.advice}; every answer so far is kept, and other "
                "batches are taken up by the next run"
            )

    async def _keep(self, calls: list[Call], results: Results) -> float:
        """Journal the calls that no earlier run did; what they cost, in USD."""
        new = [call for call in calls if call.call_id not in self._journaled]
        await asyncio.gather(*(self._journal.append(call) for call in new))
        for call in new:
            if call.key not in results.again:
                self.outcomes[call.outcome] += 1
            self._answers += call.outcome is not Outcome.ERROR
            self._answered_tokens += call.output_tokens
        return sum(call.usd for call in new)

    def _cost(self, request: Request) -> float:
        """What a request is expected to cost: its answer is as long as others are."""
        answer = self._answered_tokens / self._answers if self._answers else request.output_tokens
        return self._work.cost(request, answer)


def _call_ids(folder: Path) -> set[str]:
    """Ids of all calls in a folder of journals."""
    return {call["call_id"] for path in folder.glob("*.jsonl") for call, _ in read_journal(path)}


def _first(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """What stopped a run: the first of the errors that came together."""
    error = group.exceptions[0]
    if isinstance(error, OSError):
        return EvergreenError(f"the home cannot be written to: {error.strerror}")
    return error
