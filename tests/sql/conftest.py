"""A migrated warehouse in memory, with the rows of a small home; what a test changes is undone after it."""

from collections.abc import Iterator

import duckdb
import pytest

from tasks import warehouse
from tests.places import GOOD_HOME


@pytest.fixture(scope="session")
def good() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as con:
        warehouse.apply_migrations(con)
        con.execute(GOOD_HOME.read_text())
        yield con


@pytest.fixture
def con(good: duckdb.DuckDBPyConnection) -> Iterator[duckdb.DuckDBPyConnection]:
    good.begin()
    yield good
    good.rollback()
