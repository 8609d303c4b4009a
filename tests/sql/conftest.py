"""A migrated warehouse in memory, with the rows of a small home."""

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from tasks import warehouse

GOOD_HOME = Path(__file__).parents[1] / "expectations" / "good_home.sql"


@pytest.fixture(scope="session")
def migrated() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as con:
        warehouse.apply_migrations(con)
        con.execute(GOOD_HOME.read_text())
        yield con


@pytest.fixture
def con(migrated: duckdb.DuckDBPyConnection) -> Iterator[duckdb.DuckDBPyConnection]:
    """What a test changes is undone after it."""
    migrated.begin()
    yield migrated
    migrated.rollback()
