"""The time as runs note it, which a setting may have begin at another moment."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime, timedelta

_ahead: ContextVar[timedelta] = ContextVar("ahead", default=timedelta())


def utc_now() -> datetime:
    """The time as the warehouse keeps it: UTC, without a zone."""
    return datetime.now(UTC).replace(tzinfo=None) + _ahead.get()


@contextmanager
def clock_from(moment: str) -> Iterator[None]:
    """Have `utc_now` begin at a moment and go on from there while the block runs.

    Args:
        moment: ISO 8601, UTC without a zone; empty: the machine's clock.
    """
    ahead = datetime.fromisoformat(moment) - utc_now() if moment else timedelta()
    token = _ahead.set(_ahead.get() + ahead)
    try:
        yield
    finally:
        _ahead.reset(token)
