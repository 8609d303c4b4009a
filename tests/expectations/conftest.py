"""A home in which every check passes, to be changed."""

from pathlib import Path

import pytest

from tests.plugins.homes import Copy


@pytest.fixture
def home(good_home: Path, copy: Copy) -> Path:
    return copy(good_home)
