"""A home to screen, and lists to screen it by."""

import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import pytest

from tests.plugins.homes import Copy
from tests.tasks.prompts import KeepOpen
from tests.tasks.screen.homes import Home


@pytest.fixture
def new_home(migrated: Path, copy: Copy, keep_open: KeepOpen) -> Callable[[], Home]:
    """Makes homes without a prompt."""
    return lambda: Home(keep_open(copy(migrated)))


@pytest.fixture
def home(new_home: Callable[[], Home]) -> Home:
    return new_home()


@pytest.fixture
def write_list(tmp_path: Path) -> Callable[[str, Iterable[Mapping[str, object]]], str]:
    """Writes a JSONL file of questions; returns its path."""

    def write(name: str, rows: Iterable[Mapping[str, object]]) -> str:
        path = tmp_path / name
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
        return str(path)

    return write
