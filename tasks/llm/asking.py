"""Sends all requests of a stage, in the endpoint's mode, and tells how far it is."""

import asyncio
import gc
import logging
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import suppress
from pathlib import Path
from typing import Any

from tasks.llm.batch import Batches
from tasks.llm.budget import Budget
from tasks.llm.call import Request
from tasks.llm.client import connect
from tasks.llm.journal import Journal, journal_path
from tasks.llm.outcome import describe
from tasks.llm.pool import Pool
from tasks.llm.work import Work

logger = logging.getLogger(__name__)

_REPORT_SECONDS = 2.0
# A signal that another thread took is handled in the main one only when that wakes up.
_WAKE_SECONDS = 0.1


async def ask_all(  # noqa: PLR0913
    work: Work,
    requests: Iterator[Request],
    budget: Budget,
    home: Path,
    poll_seconds: float,
    advance: Callable[[int], None],
) -> None:
    """Ask everything; returns when all calls are journaled.

    Args:
        work: what is asked of whom.
        requests: all of them; they are made as they are sent.
        budget: what may still be spent.
        home: where journal and batches are.
        poll_seconds: how often a batch is looked at.
        advance: takes the number of requests just settled; it is called in a thread.

    Raises:
        BudgetSpent: what was answered until then is kept.
        EvergreenError: the endpoint can't be used; likewise.
    """
    path = journal_path(str(home), work.stage, work.run_id)
    async with connect(work.endpoint) as client, Journal(path) as journal:
        asker: Pool | Batches
        if work.endpoint.mode == "batch":
            asker = Batches(work, client, journal, budget, home / "batches", poll_seconds, logger.info)
        else:
            asker = Pool(work, client, journal, budget, work.endpoint.concurrency)
        shown = 0

        def show() -> None:
            nonlocal shown
            done = asker.outcomes.total()
            advance(done - shown)
            shown = done

        reporter = asyncio.create_task(_repeat(show))
        try:
            await asker.run(requests)
        finally:
            reporter.cancel()
            outcomes, spent = describe(asker.outcomes), budget.spent_usd
            logger.info("%s: %s; %.4f USD in all", work.stage, outcomes, spent)
        await asyncio.to_thread(show)


def run_with_grace(asking: Coroutine[Any, Any, None]) -> None:
    """Run it to its end on a loop in a thread of its own; whatever ends this thread's wait cancels it.

    A handler of a signal may raise, as Prefect's of SIGTERM does, wherever the main thread is: were that
    inside a loop, a task could swallow it, or the loop end with calls in flight. Here it only ends a wait:
    what asks is cancelled, which gives calls in flight their grace, and then the signal's error goes on.
    """
    loop = asyncio.new_event_loop()
    task = loop.create_task(asking)
    with ThreadPoolExecutor(1, "asking") as thread:
        try:
            asked = thread.submit(_run, loop, task)
            while not wait([asked], _WAKE_SECONDS).done:
                pass
            asked.result()
        except BaseException:
            with suppress(RuntimeError):  # the loop is closed: it has ended
                loop.call_soon_threadsafe(task.cancel)
            raise


def _run(loop: asyncio.AbstractEventLoop, task: "asyncio.Task[None]") -> None:
    # What is loaded by now stays: looking through it for garbage, again and again, was a quarter of the time.
    gc.freeze()
    try:
        with asyncio.Runner(loop_factory=lambda: loop) as runner:
            runner.get_loop().run_until_complete(task)
    finally:
        gc.unfreeze()


async def _repeat(show: Callable[[], None]) -> None:
    """Call it now and then in a thread: Prefect's client would hold up the calls in flight."""
    while True:
        await asyncio.sleep(_REPORT_SECONDS)
        await asyncio.to_thread(show)
