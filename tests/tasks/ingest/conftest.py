"""Files to ingest."""

from pathlib import Path

import pytest

from tests.tasks.ingest.home import Write


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes a file into the folder of sources; returns its path."""

    def _write(name: str, content: str | bytes) -> Path:
        path = tmp_path / "logs" / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return _write
