"""What holds for all tests; plugins/ has the fixtures that several folders share."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

from tests.places import REAL_DATA, ROOT

pytest.register_assert_rewrite("tests")  # helpers, too: a failure shows its values
pytest_plugins = (
    "tests.plugins.homes",
    "tests.plugins.models",
    "tests.plugins.prefect",
    "tests.plugins.s3",
    "tests.plugins.webhook",
)

# Before Prefect is imported, here and in the processes that tests start: it would phone home.
os.environ |= {
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_SERVER_ALLOW_EPHEMERAL_MODE": "false",  # no test starts a server unnoticed
}

# A slow machine is no failure; the same examples every time.
settings.register_profile("project", deadline=None, derandomize=True)
settings.load_profile("project")

# Folders whose files run first: a long file that came last would keep one worker busy while the others wait.
# Those that need no Prefect server and no built home lead, so no worker waits while another makes one.
FIRST = ("browser", "real_model", "flows")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the folders with the longest files first."""
    items.sort(key=lambda item: FIRST.index(folder) if (folder := folder_of(item)) in FIRST else len(FIRST))


def folder_of(item: pytest.Item) -> str:
    """The folder of `tests/` that a test is in."""
    return item.path.relative_to(ROOT / "tests").parts[0]


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real data, which is not part of the repository."""
    if not REAL_DATA.is_dir():
        pytest.skip(f"no real data at {REAL_DATA}")
    return REAL_DATA
