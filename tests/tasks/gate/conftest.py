"""A home in which every check passes, to be changed."""

from pathlib import Path

import pytest

from tests.plugins.homes import Copy
from tests.tasks.prompts import KeepOpen


@pytest.fixture
def home(good_home: Path, copy: Copy, keep_open: KeepOpen) -> Path:
    return keep_open(copy(good_home))
