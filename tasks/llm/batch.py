"""OpenAI's Batch API: half the price, answers within a day, and no batch that is paid for twice."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path

from openai import AsyncOpenAI

from tasks.errors import BudgetSpent, EvergreenError
from tasks.llm.batch_queue import BatchQueue
from tasks.llm.batch_results import Results, groups
from tasks.llm.batch_server import BatchServer
from tasks.llm.batch_shards import Draft, Shard, Shards, input_line
from tasks.llm.batch_status import Batch
from tasks.llm.budget import Budget
from tasks.llm.call import Call, Request
from tasks.llm.journal import Journal
from tasks.llm.outcome import Outcome
from tasks.llm.work import Work, is_asked_again

# Lines of a result file that are read, and journaled with one flush to the disk.
_LINES = 500
# Requests that are written before others have their turn.
_TURN = 100


class Batches:
    """Asks an endpoint all that a stage has to ask, in batches.

    What is under way is on the disk before it is at the server. So a run that is interrupted at any moment
    leaves its batches to the next run, which takes them up and asks none of their requests anew.
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
            folder: where the batches of all stages are, until their answers are journaled.
            poll_seconds: how often the server is asked how far a batch is.
            report: takes a line of progress.
        """
        self._work = work
        self._journal = journal
        self._budget = budget
        self._report = report
        self._shards = Shards(folder, work)
        self._server = BatchServer(client, work.endpoint.name, poll_seconds, report)
        self._queue = BatchQueue(work, self._server, self._shards, poll_seconds, report)
        self._draft = Draft(self._shards, work)
        self._reading = asyncio.Lock()
        self._finished = asyncio.Event()
        self._asked: set[str] = set()
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
            async with asyncio.TaskGroup() as self._tasks:
                await self._take_up()
                await self._dispatch(requests)
        except BaseExceptionGroup as group:
            raise _first(group) from None
        finally:
            self._draft.discard()
        if self._spent:
            raise self._spent

    async def _take_up(self) -> None:
        """Go on with what earlier runs left; batches that are at the server already have the first claim."""
        shards = await asyncio.to_thread(self._shards.load)
        unsent = {shard.id for shard in shards if not shard.batch_id}
        if unsent:
            found = await self._server.find(unsent, min(shard.made_at for shard in shards))
            for shard in shards:
                if shard.id in found:
                    shard.batch_id = found[shard.id].id
                    self._shards.save(shard)
        for shard in sorted(shards, key=lambda shard: not shard.batch_id):
            self._claim(shard)
        if self._reserved:
            self._report(f"{len(self._reserved)} batches of an earlier run are taken up")

    def _claim(self, shard: Shard) -> None:
        expected = shard.expected_usd
        try:
            self._budget.reserve(expected)
        except BudgetSpent as error:
            if not shard.batch_id:
                self._spent = error
                self._shards.remove(shard)
                return
            expected = 0.0  # it has to be paid, whatever the limit
        self._asked.update(item.key for item in self._shards.items(shard))
        self._start(shard, expected)

    async def _dispatch(self, requests: Iterable[Request]) -> None:
        for number, request in enumerate(requests):
            if number % _TURN == 0:
                await asyncio.sleep(0)
            if request.key in self._asked:
                continue
            line = input_line(self._work, request)
            if not self._draft.has_room(request, line):
                await self._launch()
            usd = self._cost(request)
            if not await self._afford(usd):
                break
            self._asked.add(request.key)
            self._draft.add(request, line, 1, usd)
        await self._launch()

    async def _afford(self, usd: float) -> bool:
        """Set an expected cost aside; near the limit, batches under way end first: they may cost less."""
        while not self._spent:
            try:
                self._budget.reserve(usd)
            except BudgetSpent as error:
                if self._draft.shard.requests:
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
        if draft.shard.requests:
            shard = await asyncio.to_thread(draft.close)
            await self._queue.submit(shard)
            self._start(shard, shard.expected_usd)

    def _start(self, shard: Shard, reserved: float) -> None:
        self._reserved[shard.id] = reserved
        self._tasks.create_task(self._see_through(shard))

    async def _see_through(self, shard: Shard) -> None:
        """Wait for a batch, journal its calls, and go on with what of it has to be asked again."""
        following: Shard | None = shard
        while following:
            await self._queue.submit(following)
            batch = await self._queue.ended(following)
            # One at a time: the requests of each are in memory.
            async with self._reading:
                following = await self._finish(following, batch)
            self._finished.set()
            self._finished = asyncio.Event()

    async def _finish(self, shard: Shard, batch: Batch) -> Shard | None:
        """Journal a batch and forget it; the shard of what has to be asked again, if there is any.

        Raises:
            EvergreenError: the account has no credit, or may not use the model.
        """
        usd = 0.0
        results = await asyncio.to_thread(Results, self._work, self._shards, shard, batch.seconds)
        for kind, file in (("output.jsonl", batch.output_file), ("error.jsonl", batch.error_file)):
            path = self._shards.path(shard, kind)
            if file and await self._server.download(file, path):
                usd += await self._take_in(results, path)
        usd += await self._keep(results.read_missing())
        self._budget.settle(self._reserved.pop(shard.id), usd)
        following = await self._follow(shard, results)
        await asyncio.to_thread(self._shards.remove, shard)
        for file in filter(None, (shard.file_id, batch.output_file, batch.error_file)):
            await self._server.remove(file)
        if results.refusal:
            name, failure = self._work.endpoint.name, results.refusal
            raise EvergreenError(
                f"endpoint {name}: {failure.kind}: {failure.advice}; every answer so far is kept, and other "
                "batches are taken up by the next run"
            )
        return following

    async def _take_in(self, results: Results, path: Path) -> float:
        usd = 0.0
        with path.open("rb") as file:
            for lines in groups(file, _LINES):
                usd += await self._keep(await asyncio.to_thread(results.read, lines))
        return usd

    async def _keep(self, calls: list[Call]) -> float:
        """Journal calls; what they cost, in USD."""
        await asyncio.gather(*(self._journal.append(call) for call in calls))
        for call in calls:
            if not is_asked_again(call):
                self.outcomes[call.outcome] += 1
            self._answers += call.outcome is not Outcome.ERROR
            self._answered_tokens += call.output_tokens
        return sum(call.usd for call in calls)

    async def _follow(self, shard: Shard, results: Results) -> Shard | None:
        """A shard of what has to be asked again, unless the money is spent."""
        if not results.again or self._spent:
            return None
        draft = Draft(self._shards, self._work, replaces=shard.id)
        await asyncio.to_thread(results.ask_again, draft, self._cost)
        try:
            self._budget.reserve(draft.shard.expected_usd)
        except BudgetSpent as error:
            self._spent = error
            draft.discard()
            return None
        self._reserved[draft.shard.id] = draft.shard.expected_usd
        return await asyncio.to_thread(draft.close)

    def _cost(self, request: Request) -> float:
        """What a request is expected to cost: its answer is as long as others are."""
        answer = self._answered_tokens / self._answers if self._answers else request.output_tokens
        return self._work.cost(request, answer)


def _first(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """What stopped a run: the first of the errors that came together."""
    error = group.exceptions[0]
    if isinstance(error, OSError):
        return EvergreenError(f"the home cannot be written to: {error.strerror}")
    return error
