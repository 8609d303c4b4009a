"""Analysts, in a process of their own, who read a home's copy while runs replace it."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path

import duckdb

# Tables of several stages: a copy that is half one run's and half another's has counts that no run left.
_COUNTS = """
    select
        (select count(*) from out.runs where state = 'done'),
        (select count(*) from out.prompts),
        (select count(*) from out.prompt_topics),
        (select count(*) from out.releases),
        (select count(*) from out.test_set),
        (select count(*) from out.funnel)
"""
_BOUND = 600  # seconds

Counts = tuple[int, ...]


def counts(con: duckdb.DuckDBPyConnection) -> Counts:
    return tuple(con.execute(_COUNTS).fetchall()[0])


def look(path: Path) -> Counts:
    """What somebody sees who opens the copy now."""
    with duckdb.connect(path, read_only=True) as con:
        return counts(con)


def _hold(path: Path, pipe: Connection) -> None:
    """Look again and again through one connection, which stays open."""
    with duckdb.connect(path, read_only=True) as con:
        _look_on(lambda: counts(con), pipe)


def _visit(path: Path, pipe: Connection) -> None:
    """Open the copy anew for each look."""
    _look_on(lambda: look(path), pipe)


def _look_on(see: Callable[[], Counts], pipe: Connection) -> None:
    seen = [see()]
    pipe.send(None)
    deadline = time.monotonic() + _BOUND
    while not pipe.poll(0.1) and time.monotonic() < deadline:
        seen.append(see())
    pipe.send([*seen, see()])


@contextmanager
def reading(path: Path) -> Iterator[dict[str, list[Counts]]]:
    """Have two analysts read while the block runs; afterwards, what each saw is in what it yields."""
    context = get_context("spawn")  # a process that is forked would have this one's threads and locks
    pipes = {}
    for name, target in (("holder", _hold), ("visitor", _visit)):
        pipes[name], theirs = context.Pipe()
        context.Process(target=target, args=(path, theirs), daemon=True).start()
        theirs.close()
    for pipe in pipes.values():
        assert pipe.poll(_BOUND)
        pipe.recv()
    seen: dict[str, list[Counts]] = {}
    yield seen
    for name, pipe in pipes.items():
        pipe.send(None)
        assert pipe.poll(_BOUND)
        seen[name] = pipe.recv()
