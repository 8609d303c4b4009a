"""What makes a function a Prefect task of ours: one name everywhere, no caching, retries for I/O only."""

import logging
import os
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from prefect import task
from prefect.artifacts import create_progress_artifact, update_progress_artifact
from prefect.cache_policies import NO_CACHE
from prefect.context import TaskRunContext
from prefect.exceptions import CancelledRun, PausedRun
from prefect.settings import get_current_settings
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from tasks.errors import DEBUG, EvergreenError, StageFailed

P = ParamSpec("P")
R = TypeVar("R")
_RETRY_DELAYS = [1.0, 5.0, 20.0]
_REPORTED_STEPS = 20
_ROOT = Path(__file__).resolve().parent.parent

logger = logging.getLogger("evergreen")

# What runs of our deployments have (deploy/prefect.yaml), and as what an event is related to it.
TAG = "evergreen"
TAGGED = {"prefect.resource.role": "tag", "prefect.resource.id": f"prefect.tag.{TAG}"}

# Prefect lends its handlers to the loggers in PREFECT_LOGGING_EXTRA_LOGGERS, but not its level.
for _name in ("tasks", "evergreen"):
    logging.getLogger(_name).setLevel(get_current_settings().logging.level)


def stage(name: str, *, retries: int = 0, run_name: str = "") -> Callable[[Callable[P, R]], Any]:
    """Make a function the Prefect task of a stage.

    Args:
        name: the stage's name, which the run graph shows.
        retries: how often to try again after an I/O error (an OSError, ours or not), at most 3.
        run_name: how to call a task run, with its `{parameters}`; empty: by the name.
    """

    def decorate(function: Callable[P, R]) -> Any:  # noqa: ANN401
        return task(
            name=name,
            task_run_name=run_name or name,
            retries=retries,
            retry_delay_seconds=_RETRY_DELAYS[:retries],
            retry_condition_fn=_is_transient,
            cache_policy=NO_CACHE,
            persist_result=False,
        )(_discreet(function))

    return decorate


def _discreet(function: Callable[P, R]) -> Callable[P, R]:
    """Let an unexpected error tell its type and place only: Prefect keeps messages, which may quote data."""

    @wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return function(*args, **kwargs)
        except (EvergreenError, OSError, CancelledRun, PausedRun):
            raise
        except Exception as error:
            if DEBUG in os.environ:
                raise
            raise StageFailed(
                f"unexpected {type(error).__name__} at {_place(error)}; please report it"
            ) from None

    return run


def _place(error: Exception) -> str:
    """File and line of ours that an error came through last."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [
        frame
        for frame in frames
        if Path(frame.filename).is_relative_to(_ROOT) and "site-packages" not in frame.filename
    ]
    last = ours[-1]
    return f"{Path(last.filename).relative_to(_ROOT)}:{last.lineno}"


def _is_transient(_task: object, _run: object, state: Any) -> bool:  # noqa: ANN401
    return isinstance(state.result(raise_on_failure=False), OSError)


@contextmanager
def best_effort(what: str) -> Iterator[None]:
    """Go on if the block fails: what is only shown must not fail a good run.

    Prefect's cancelling and pausing get through. Only the type of an error is logged: its text may tell more.

    Args:
        what: what the block does, for the log.
    """
    try:
        yield
    except (CancelledRun, PausedRun):  # its other signals are no `Exception`
        raise
    except Exception as error:
        logger.warning("%s failed: %s; going on without", what, type(error).__name__)


@contextmanager
def progress(name: str, total: int) -> Iterator[Callable[[int], None]]:
    """Show long work: a bar on a terminal, plain lines elsewhere, and a progress artifact in Prefect.

    Args:
        name: what is under way.
        total: how many steps there are.

    Yields:
        A function to call with the number of steps just done.
    """
    console = Console(stderr=True)
    artifact = _start_artifact(name)
    done = shown = 0
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not sys.stderr.isatty()) as bar:
        bar_id = bar.add_task(name, total=total)

        def advance(steps: int) -> None:
            nonlocal done, shown
            done += steps
            bar.advance(bar_id, steps)
            if total and done * _REPORTED_STEPS // total > shown:
                shown = done * _REPORTED_STEPS // total
                _report(name, done, total, artifact)

        yield advance


def _start_artifact(name: str) -> Any:  # noqa: ANN401
    artifact = None
    if TaskRunContext.get() is not None:
        with best_effort("showing progress"):
            artifact = create_progress_artifact(
                0.0, key=f"progress-{name}", description=f"Progress of {name}"
            )
    return artifact


def _report(name: str, done: int, total: int, artifact: Any) -> None:  # noqa: ANN401
    if not sys.stderr.isatty():
        logger.info("%s: %s of %s", name, f"{done:,}", f"{total:,}")
    if artifact is not None:
        with best_effort("showing progress"):
            update_progress_artifact(artifact, progress=min(100.0, 100 * done / total))
