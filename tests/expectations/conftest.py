"""A home in which every check passes: a copy to change, and its warehouse, where changes are undone."""

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from tasks import warehouse
from tests.plugins.homes import Copy


@pytest.fixture
def home(good_home: Path, copy: Copy) -> Path:
    return copy(good_home)


@pytest.fixture(scope="session")
def good(good_home: Path, copy: Copy) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(copy(good_home) / warehouse.WAREHOUSE) as con:
        yield con


@pytest.fixture
def con(good: duckdb.DuckDBPyConnection) -> Iterator[duckdb.DuckDBPyConnection]:
    good.begin()
    yield good
    good.rollback()
