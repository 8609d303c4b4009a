"""A place for a journal."""

from pathlib import Path

import pytest


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal" / "annotate" / "run-1.jsonl"
