"""Homes with a migrated warehouse, cheaply."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tasks import warehouse
from tasks.refs import Run


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated warehouse to copy: migrating takes over a second."""
    home = tmp_path_factory.mktemp("migrated")
    warehouse.migrate(str(home))
    return home


@pytest.fixture
def new_run(migrated: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Run]:
    def copy() -> Run:
        home = tmp_path_factory.mktemp("home")
        shutil.copytree(migrated, home, dirs_exist_ok=True)
        return Run(id="run-1", home=str(home), seed=42, lock_wait_seconds=5)

    return copy


@pytest.fixture
def run(new_run: Callable[[], Run]) -> Run:
    return new_run()
