"""What every flow runs in: a home that it alone holds, a run that is recorded, a copy for analysts."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

from prefect.runtime import flow_run

from tasks import clock
from tasks.errors import EvergreenError
from tasks.home.task import finish, start
from tasks.refs import Run
from tasks.settings import Settings
from tasks.storage import hold_home, open_home

logger = logging.getLogger(__name__)


@contextmanager
def run_on(home: str, flow: str, settings: Settings) -> Iterator[Run]:
    """Hold the home, begin a run, and end it whatever happens.

    Raises:
        InputError: the home can't be written to, or another run holds it.
    """
    wait = settings.warehouse.lock_wait_seconds
    home = str(open_home(home).resolve())  # a run may not depend on the folder that it was started in
    run = Run(id=str(flow_run.get_id() or uuid4()), home=home, seed=settings.seed, lock_wait_seconds=wait)
    with hold_home(home, wait), clock.clock_from(settings.refresh.as_of):
        start(run, flow, settings)
        try:
            yield run
        except BaseException as error:
            _finish_early(run, error)
            raise
        finish(run, "done", "")


def _finish_early(run: Run, error: BaseException) -> None:
    """End a run before its end; a second failure, say of a full disk, must not hide the first."""
    is_interrupt = not isinstance(error, Exception)  # Ctrl-C, SIGTERM
    # Messages of errors that are not ours may quote data.
    reason = str(error) if isinstance(error, EvergreenError) else type(error).__name__
    try:
        if is_interrupt:
            finish.fn(run, "interrupted", reason)  # as a task it would take 2 s, and people wait
        else:
            finish(run, "failed", reason)
    except Exception:
        logger.exception("the end of the run could not be recorded")
