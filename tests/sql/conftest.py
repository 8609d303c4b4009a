"""A migrated warehouse in memory, with the rows of a small home."""

from collections.abc import Iterator

import duckdb
import pytest

from tasks import warehouse
from tests.places import GOOD_HOME


@pytest.fixture(scope="session")
def good() -> Iterator[duckdb.DuckDBPyConnection]:
    """Without a funnel, which the queries of stage release make."""
    with duckdb.connect() as con:
        warehouse.apply_migrations(con)
        con.execute(GOOD_HOME.read_text())
        yield con
