"""A home in which every check passes, to be changed."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.plugins.homes import Copy


@pytest.fixture
def home(good_home: Path, copy: Copy, keep_open: Callable[[Path], Path]) -> Path:
    return keep_open(copy(good_home))
