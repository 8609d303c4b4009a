"""core.publications: what was published and withdrawn, and the event that a killed run still owes."""

import logging
from pathlib import Path

import duckdb

from tasks import clock, warehouse
from tasks.errors import EvergreenError
from tasks.publish.bundle import LATEST, read_pointer
from tasks.publish.history import History
from tasks.refs import Run

logger = logging.getLogger(__name__)


def read_history(con: duckdb.DuckDBPyConnection, home: str) -> History:
    """Where the releases of a home stand."""
    return History(home, warehouse.run(con, "publish/releases"))


def add_event(con: duckdb.DuckDBPyConnection, run: Run, release_id: str, event: str) -> None:
    """Keep that a release was `published` or `withdrawn`."""
    row = {"release_id": release_id, "now": clock.utc_now()}
    warehouse.run(con, "publish/add_event", {**row, "event": event, "run_id": run.id})
    if event == "published":
        warehouse.run(con, "publish/mark_release", row)


def note_owed(con: duckdb.DuckDBPyConnection, run: Run) -> None:
    """Note as published what readers have as the latest, if a run was killed before it could.

    Pointers move before the event is kept. Only publishing moves one to a candidate, so there it is plain
    what is owed. A withdrawal, or the publishing of an older release, that was killed leaves the pointer at a
    release that was published before: which of the two it was is not known, and whoever asked asks again.
    """
    candidates = read_history(con, run.home).releases.filter(state="candidate", is_passed=True)
    release_id = _pointed_to(Path(run.home) / "releases" / LATEST)
    if release_id in candidates["release_id"].to_list():
        add_event(con, run, release_id, "published")
        logger.info("release %s is the latest; the run that published it was killed", release_id)


def _pointed_to(pointer: Path) -> str:
    """The release that a home's pointer names; empty if it names none: the next to publish writes it anew."""
    try:
        return read_pointer(str(pointer), pointer.read_bytes())[0] if pointer.is_file() else ""
    except EvergreenError:
        return ""
