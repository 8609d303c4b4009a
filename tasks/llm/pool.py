"""The pool: many requests at once to one endpoint, each answer journaled before it counts."""

import asyncio
import logging
import random
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import cast

from openai import AsyncOpenAI

from tasks.errors import BudgetSpent, EvergreenError
from tasks.llm.budget import Budget
from tasks.llm.call import Call, Request
from tasks.llm.client import Failure, send
from tasks.llm.journal import Journal
from tasks.llm.limits import AdaptiveConcurrency, Pause, RequestRate, TokenRate, backoff
from tasks.llm.outcome import Outcome
from tasks.llm.reach import Reach
from tasks.llm.work import LAST_ROUND, Work, is_asked_again

logger = logging.getLogger(__name__)

# So many errors in a row, each after all its attempts, are no bad luck: the server is down, or wants others.
_ERRORS_IN_A_ROW = 50
# Answers of another model are paid for.
_MOST_IN_A_ROW = {"wrong_model": 10}
# An endpoint that keeps asking for fewer requests will take this one in the end.
_MAX_RATE_LIMITS = 50
# What calls in flight get to end in when a run is interrupted: they may be paid for already.
_GRACE_SECONDS = 3.0


class Pool:
    """Asks an endpoint all that a stage has to ask.

    A request keeps its place among those in flight from its first attempt until its call is on the disk: so
    a process that is killed loses no more calls than `concurrency`.
    """

    def __init__(
        self, work: Work, client: AsyncOpenAI, journal: Journal, budget: Budget, concurrency: int
    ) -> None:
        self._work = work
        self._client = client
        self._journal = journal
        self._budget = budget
        self._slots = AdaptiveConcurrency(concurrency)
        self._requests = RequestRate(work.endpoint.rpm)
        self._tokens = TokenRate(work.endpoint.tpm)
        self._pause = Pause()
        self._turn = asyncio.Lock()
        # Their order need not be repeatable: jitter keeps clients of one server apart.
        self._jitter = random.Random()  # noqa: S311
        self._stop_reason: Exception | None = None
        self._is_stopped = False
        self._errors_in_a_row = 0
        self._reach = Reach(client.base_url.netloc.decode())
        self._put_off: list[Request] = []
        self._running: set[asyncio.Task[None]] = set()
        self._between_attempts: set[asyncio.Task[None]] = set()
        self._answers = 0
        self._answered_tokens = 0
        self.outcomes: Counter[Outcome] = Counter()

    async def run(self, requests: Iterable[Request]) -> None:
        """Ask everything; returns when all calls are journaled.

        Raises:
            BudgetSpent: the budget would be passed; the calls in flight have ended.
            EvergreenError: no further call makes sense: no credit, a wrong key, an unknown model, a
                full disk, a server that is down. What was answered is journaled.
        """
        try:
            for some in (requests, self._put_off):
                await self._dispatch(some)
                await self._ended(timeout=None)
        except (Exception, asyncio.CancelledError):  # a request that can't be made, or an interrupt
            self._stop(None)
            await self._ended(timeout=_GRACE_SECONDS)
            raise
        finally:
            for task in self._running:
                task.cancel()
        if self._stop_reason:
            raise self._stop_reason

    @property
    def concurrency(self) -> int:
        """Requests that may be in flight now."""
        return self._slots.current

    async def _dispatch(self, requests: Iterable[Request]) -> None:
        for request in requests:
            await self._slots.acquire()
            reserved = await self._reserve(request)
            if self._is_stopped:
                self._slots.release()
                return
            task = asyncio.create_task(self._answer(request, reserved))
            self._running.add(task)
            task.add_done_callback(self._running.discard)

    async def _reserve(self, request: Request) -> float:
        """Set the expected cost aside; near the limit, calls in flight end first, as they may cost less."""
        while not self._is_stopped:
            try:
                return self._reserve_now(request)
            except BudgetSpent as error:
                if not self._running:
                    self._stop(error)
                else:
                    await asyncio.wait(self._running, return_when=asyncio.FIRST_COMPLETED)
        return 0.0

    def _reserve_now(self, request: Request) -> float:
        answer = self._answered_tokens / self._answers if self._answers else request.output_tokens
        expected = self._work.cost(request, answer)
        self._budget.reserve(expected)
        return expected

    async def _ended(self, timeout: float | None) -> None:
        if self._running:
            await asyncio.wait(self._running, timeout=timeout)

    def _stop(self, reason: Exception | None) -> None:
        """Send nothing more. What waits between two attempts is given up: nothing of it is paid."""
        self._stop_reason = self._stop_reason or reason
        self._is_stopped = True
        for task in self._between_attempts:
            task.cancel()

    @contextmanager
    def _waiting(self) -> Iterator[None]:
        task = cast("asyncio.Task[None]", asyncio.current_task())
        self._between_attempts.add(task)
        try:
            yield
        finally:
            self._between_attempts.discard(task)

    async def _answer(self, request: Request, reserved: float) -> None:
        """Ask, and once more if the answer can't be used; a request that a stop cut short leaves nothing."""
        try:
            while call := await self._ask(request):
                await self._journal.append(call)
                self._budget.settle(reserved, call.usd)
                reserved = 0.0
                self._count(call)
                if not is_asked_again(call) or self._is_stopped:
                    break
                request = replace(request, round=LAST_ROUND)
                reserved = self._reserve_now(request)
        except BudgetSpent:  # not to be waited for here: those in flight could all wait for each other
            self._put_off.append(request)
        except OSError as error:
            self._stop(EvergreenError(f"the answers cannot be kept: {error.strerror}: {error.filename}"))
        except Exception as error:  # a fault of ours, which must not end in silence
            self._stop(error)
        finally:
            self._budget.settle(reserved, 0.0)
            self._slots.release()

    async def _ask(self, request: Request) -> Call | None:
        """One round: a reply, or a failure after the last attempt; nothing if the pool is stopped."""
        body = self._work.body(request)
        failures: Counter[bool] = Counter()
        while not self._is_stopped:
            with self._waiting():
                await self._wait_for_limits(request)
            started = time.monotonic()
            try:
                reply = await send(self._client, self._work.api, body, self._work.endpoint.timeout_seconds)
            except Failure as failure:
                seconds = time.monotonic() - started
                if self._reach.is_awaited(failure):
                    await self._wait_for_server()
                    continue
                failures[failure.is_rate_limit] += 1
                if failure.advice:
                    self._give_up(failure)
                elif not self._can_retry(failure, failures):
                    return self._work.failed(request, failure.kind, seconds, failures.total())
                else:
                    await self._back_off(failure, failures[failure.is_rate_limit])
            else:
                self._reach.answered()
                self._slots.succeeded()
                seconds = time.monotonic() - started
                call = self._work.record(request, reply, seconds, failures.total() + 1)
                if self._work.keep and call.outcome is Outcome.OK:
                    await asyncio.to_thread(self._work.keep, request, reply, call)
                return call
        return None

    async def _wait_for_limits(self, request: Request) -> None:
        async with self._turn:  # else small requests would pile up behind a large one, and leave in a burst
            await self._requests.acquire()
            await self._tokens.acquire(request.input_tokens + request.output_tokens)
            await self._pause.wait()

    def _give_up(self, failure: Failure) -> None:
        name = self._work.endpoint.name
        self._stop(
            EvergreenError(f"endpoint {name}: {failure.kind}: {failure.advice}; every answer so far is kept")
        )

    def _can_retry(self, failure: Failure, failures: Counter[bool]) -> bool:
        most = _MAX_RATE_LIMITS if failure.is_rate_limit else self._work.endpoint.max_attempts
        return failure.can_retry and failures[failure.is_rate_limit] < most

    async def _wait_for_server(self) -> None:
        try:
            seconds = self._reach.wait_seconds(self._jitter)
        except EvergreenError as error:
            self._stop(EvergreenError(f"endpoint {self._work.endpoint.name}: {error}"))
        else:
            with self._waiting():
                await asyncio.sleep(seconds)

    async def _back_off(self, failure: Failure, times: int) -> None:
        seconds = max(failure.wait_seconds, backoff(times, self._jitter))
        if failure.is_rate_limit:
            self._slots.throttled()
            name = self._work.endpoint.name
            logger.info("endpoint %s asks for less: %d requests in flight", name, self.concurrency)
            self._pause.hold(failure.wait_seconds)
        with self._waiting():
            await asyncio.sleep(seconds)

    def _count(self, call: Call) -> None:
        if not is_asked_again(call):
            self.outcomes[call.outcome] += 1
        self._answers += call.outcome is not Outcome.ERROR  # else answers would look cheaper than they are
        self._answered_tokens += call.output_tokens
        self._errors_in_a_row = self._errors_in_a_row + 1 if call.outcome is Outcome.ERROR else 0
        if self._errors_in_a_row >= _MOST_IN_A_ROW.get(call.error, _ERRORS_IN_A_ROW):
            name, kind, times = self._work.endpoint.name, call.error, self._errors_in_a_row
            if kind == "wrong_model":
                kind += f": {call.model} answers; if it is the right one, set served_as"
            self._stop(
                EvergreenError(
                    f"endpoint {name}: {times} calls in a row failed, the last one with {kind}; "
                    "every answer so far is kept"
                )
            )
