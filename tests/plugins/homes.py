"""Homes in which something has been done. They are to look at: a test that changes one copies it."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import duckdb
import polars as pl
import pytest

from tasks import warehouse
from tasks.refs import Run
from tests.once import once
from tests.places import GOOD_HOME

Copy = Callable[[Path], Path]

# Statements that number the prompts of good_home.sql call it.
PROMPT_ID: Final = "create temp macro prompt_id(i) as left(md5(i::varchar), 16)"


def kept_open(home: Path) -> duckdb.DuckDBPyConnection:
    """The warehouse of a home, open until the connection closes.

    A run opens it for each transaction. That takes 30 ms, and 2 ms if this process has it open already.
    """
    return duckdb.connect(home / warehouse.WAREHOUSE)


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """A folder that all workers of this run of pytest have in common."""
    own = tmp_path_factory.getbasetemp()
    return own if worker_id == "master" else own.parent


@pytest.fixture(scope="session")
def migrated(shared: Path) -> Path:
    """An empty home: a second to migrate, nothing to copy."""
    return once(shared / "migrated", lambda home: warehouse.migrate(str(home)))


@pytest.fixture(scope="session")
def good_home(shared: Path, migrated: Path) -> Path:
    """A home in which every check passes."""

    def fill(home: Path) -> None:
        shutil.copy(migrated / warehouse.WAREHOUSE, home)
        with warehouse.transaction(str(home)) as con:
            con.execute(GOOD_HOME.read_text())
            keys = {"run_id": "run-1", "taxonomy_id": "tax-1", "annotator": "heuristic-1"}
            warehouse.run(con, "release/add_funnel", {**keys, "funnel_run_id": "run-1"})

    return once(shared / "good_home", fill)


@pytest.fixture(scope="session")
def good(good_home: Path, copy: Copy) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection to a copy of it."""
    with kept_open(copy(good_home)) as con:
        yield con


@pytest.fixture
def con(good: duckdb.DuckDBPyConnection) -> Iterator[duckdb.DuckDBPyConnection]:
    """That connection; what a test changes is undone after it."""
    good.begin()
    yield good
    good.rollback()


@pytest.fixture(scope="session")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Copy:
    """Copies a home, to be changed."""

    def copy(home: Path) -> Path:
        return Path(shutil.copytree(home, tmp_path_factory.mktemp(home.name) / "home", symlinks=True))

    return copy


@pytest.fixture
def new_run(migrated: Path, copy: Copy) -> Callable[[], Run]:
    """Begins runs, each on an empty home of its own."""
    return lambda: run_on(copy(migrated))


@pytest.fixture
def run(new_run: Callable[[], Run]) -> Run:
    """A run on an empty home."""
    return new_run()


def fetch(home: str | Path, query: str) -> list[tuple[Any, ...]]:
    """Rows of a home's warehouse, while no run holds it."""
    with warehouse.transaction(str(home)) as con:
        return con.execute(query).fetchall()


def read(home: str | Path, query: str) -> pl.DataFrame:
    """The same as a frame."""
    with warehouse.transaction(str(home)) as con:
        return con.sql(query).pl()


def run_on(home: Path) -> Run:
    return Run(id="run-1", home=str(home), seed=42, lock_wait_seconds=5)
