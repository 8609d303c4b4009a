"""What a person wants to know of a release, read from its own files."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import polars as pl

from tasks.errors import InputError


@dataclass(frozen=True)
class Summary:
    """A release: its folder, its manifest and its questions (`uid`, `cluster`, `prompt`, `score`, …)."""

    folder: Path
    manifest: dict[str, Any]
    questions: pl.DataFrame

    def as_json(self) -> dict[str, Any]:
        """The facts that a script wants, without any prompt."""
        keys = ("release_id", "questions", "topics", "content_sha256", "run_id", "funnel")
        return {"path": str(self.folder), **{key: self.manifest[key] for key in keys}}


def latest_release(home: str) -> str:
    """The id in `latest.json`.

    Raises:
        InputError: the home has no release.
    """
    path = Path(home) / "releases" / "latest.json"
    if not path.is_file():
        raise InputError(f"--home {home}: no release there yet: run evergreen build first")
    return str(orjson.loads(path.read_bytes())["release_id"])


def release_folder(home: str, release_id: str) -> Path:
    """The folder of a release.

    Raises:
        InputError: no such release in the home.
    """
    folder = (Path(home) / "releases" / release_id).resolve()
    if not (folder / "manifest.json").is_file():
        raise InputError(f"--home {home}: no release {release_id}")
    return folder


def summarise(home: str, release_id: str) -> Summary:
    """Read a release.

    Raises:
        InputError: no such release in the home.
    """
    folder = release_folder(home, release_id)
    manifest = orjson.loads((folder / "manifest.json").read_bytes())
    return Summary(folder, manifest, pl.read_parquet(folder / "questions.parquet"))
