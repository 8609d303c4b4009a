"""Fixtures that several stages' tests share."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

from tasks import warehouse
from tasks.refs import Run

# Before Prefect is imported, here and in the processes that tests start: it would phone home.
os.environ |= {"DO_NOT_TRACK": "1", "PREFECT_SERVER_ANALYTICS_ENABLED": "false"}

# A slow machine is no failure; the same examples every time.
settings.register_profile("project", deadline=None, derandomize=True)
settings.load_profile("project")

REAL_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """A run on an empty home with a migrated warehouse."""
    home = tmp_path / "home"
    home.mkdir()
    warehouse.migrate(str(home))
    return Run(id="run-1", home=str(home), seed=42, lock_wait_seconds=5)


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real data, which is not part of the repository."""
    if not REAL_DATA.is_dir():
        pytest.skip(f"no real data at {REAL_DATA}")
    return REAL_DATA
