"""The views that analysts read as Parquet, for engines that don't read DuckDB's files: a set of files a run.

A set is written beside the others and never changes. `latest` is a link to the newest, changed in one
rename: who follows it once reads views of one and the same run. The set before it stays, for whoever is at
it, until the next one comes.
"""

import re
import shutil
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import duckdb

LATEST: Final = "latest"
_BUILDING: Final = ".building"
_SET: Final = re.compile(r"\d{4}-\d{2}-\d{2}T\d{6}\.\d{6}Z")


def publish(con: duckdb.DuckDBPyConnection, views: Sequence[str], folder: Path) -> Path:
    """Write `<view>.parquet` of each view, then let `latest` point to them.

    Args:
        con: an open connection.
        views: names of views of its schema `out`.
        folder: of all the sets.

    Returns:
        The folder of the new set, named for the time (UTC).
    """
    building = folder / _BUILDING
    shutil.rmtree(building, ignore_errors=True)
    building.mkdir(parents=True)
    for view in views:
        con.sql(f"from out.{view}").write_parquet(str(building / f"{view}.parquet"))
    latest = folder / LATEST
    if latest.is_dir() and not latest.is_symlink():  # a home that was copied with its links followed
        shutil.rmtree(latest)
    before = latest.resolve()
    made = building.rename(folder / f"{datetime.now(UTC):%Y-%m-%dT%H%M%S.%fZ}")
    link = folder / f".{LATEST}"
    link.unlink(missing_ok=True)
    link.symlink_to(made.name)
    link.replace(latest)
    for path in folder.iterdir():  # others may keep things here too
        if _SET.fullmatch(path.name) and path.resolve() not in {before, made.resolve()}:
            shutil.rmtree(path, ignore_errors=True)
    return made
