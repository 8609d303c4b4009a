"""Permits, whatever is done to them in whatever order."""

import asyncio

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tasks.llm.limits import AdaptiveConcurrency


class Permits(RuleBasedStateMachine):
    """Tasks that want, hold, give back and are cancelled in any order, 429s and successes among them."""

    @initialize(limit=st.integers(1, 6))
    def begin(self, limit: int) -> None:
        self.loop = asyncio.new_event_loop()
        self.limit = limit
        self.permits = AdaptiveConcurrency(limit, cool_down_seconds=0)
        self.waiting: list[asyncio.Task[None]] = []
        self.held = 0

    async def _settle(self) -> None:
        for _ in range(5):
            await asyncio.sleep(0)

    def settle(self) -> None:
        self.loop.run_until_complete(self._settle())
        done = [task for task in self.waiting if task.done()]
        # First come, first served: those who hold a permit now came before all who still wait.
        assert done == self.waiting[: len(done)]
        self.waiting = self.waiting[len(done) :]
        self.held += len(done)

    @rule(count=st.integers(1, 4))
    def want(self, count: int) -> None:
        self.waiting += [self.loop.create_task(self.permits.acquire()) for _ in range(count)]
        self.settle()

    @precondition(lambda self: self.held)
    @rule()
    def give_back(self) -> None:
        self.held -= 1
        self.permits.release()
        self.settle()

    @precondition(lambda self: self.waiting)
    @rule(data=st.data(), gives_back=st.booleans())
    def cancel(self, data: st.DataObject, gives_back: bool) -> None:
        """A waiter is cancelled, some at the moment when a permit is handed to it."""
        task = data.draw(st.sampled_from(self.waiting))
        if gives_back and self.held:
            self.held -= 1
            self.permits.release()
        task.cancel()
        self.waiting.remove(task)
        self.settle()
        assert task.cancelled()

    @rule()
    def throttled(self) -> None:
        self.loop.run_until_complete(self._throttle())

    async def _throttle(self) -> None:
        self.permits.throttled()

    @rule(count=st.integers(1, 10))
    def succeeded(self, count: int) -> None:
        for _ in range(count):
            self.permits.succeeded()
        self.settle()

    @invariant()
    def is_sound(self) -> None:
        if not hasattr(self, "permits"):
            return
        assert self.permits.in_flight == self.held <= self.limit
        assert 1 <= self.permits.current <= self.limit
        assert not self.waiting or self.held >= self.permits.current, "someone waits beside a free permit"

    def teardown(self) -> None:
        if hasattr(self, "loop"):
            self.loop.run_until_complete(self._cancel_all())
            self.loop.close()

    async def _cancel_all(self) -> None:
        for task in self.waiting:
            task.cancel()
        await asyncio.gather(*self.waiting, return_exceptions=True)


Permits.TestCase.settings = settings(max_examples=60, stateful_step_count=30)


TestPermits = Permits.TestCase
