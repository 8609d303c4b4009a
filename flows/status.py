"""The command `evergreen status`: how a home stands, for the person who looks after it."""

import os
import sys
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson

from flows.options import Home, Json
from tasks import clock, warehouse
from tasks.home.schedule import Schedule, next_runs
from tasks.home.under_way import Note, read_note
from tasks.storage import is_held

_SERVER_SECONDS = 1.0
_FLOW = "refresh"
# No query has a parameter: to bind one, DuckDB imports pandas, which takes half a second.
_QUERIES = ("runs", "sources", "releases", "months", "budget")

Row = dict[str, Any]


@dataclass(frozen=True)
class Status:
    """A home at a time (UTC).

    The lists are the rows of `sql/queries/show/status_*.sql`: what the last run that ended left, none before
    that. `note` is of a run that did not record its end: it is under way if `is_running`, or was stopped.
    """

    home: str
    now: datetime
    runs: list[Row]
    sources: list[Row]
    releases: list[Row]
    months: list[Row]
    budget: list[Row]
    note: Note | None
    is_running: bool
    schedule: Schedule

    @property
    def as_of(self) -> datetime | None:
        """When the last run that the tables know of ended (UTC)."""
        return max((row["finished_at"] for row in self.runs if row["finished_at"]), default=None)

    @property
    def latest(self) -> Row | None:
        """The release that is published and the latest."""
        return next((row for row in self.releases if row["is_latest"]), None)

    @property
    def waiting(self) -> list[Row]:
        """Releases that a person is to publish, or not; the newest first."""
        rows = (row for row in self.releases if not row["is_latest"])
        return [
            row | {"command": f"evergreen publish {row['release_id']} --home {self.home}"} for row in rows
        ]

    @property
    def cost(self) -> Row:
        """What models cost this month, and what counts against the limit of the last run (0: none)."""
        this = [row for row in self.months if row["month"] == self.now.date().replace(day=1)]
        month = {"month": f"{self.now:%Y-%m}"} | {
            name: sum(row[name] for row in this) for name in ("calls", "usd")
        }
        return month | next(iter(self.budget), {"spent_usd": 0.0, "max_usd": 0.0})

    def as_json(self) -> Row:
        """All of it; times are UTC."""
        return {
            "home": self.home,
            "now": self.now,
            "as_of": self.as_of,
            "unfinished_run": self.note,
            "is_running": self.is_running,
            "latest": self.latest,
            "waiting": self.waiting,
            "next_refreshes": self.schedule.runs,
            "next_refresh_problem": self.schedule.problem,
            "cost": self.cost,
            "sources": self.sources,
            "runs": self.runs,
        }


def status(*, home: Home = ".evergreen", json_: Json = False) -> None:
    """Show how a home stands: releases, what waits, the next refresh, cost, sources, the last runs.

    The next refresh is asked of the Prefect server at PREFECT_API_URL, if that is set.
    """
    found = read_status(home)
    if json_:
        sys.stdout.write(orjson.dumps(found.as_json(), option=orjson.OPT_NAIVE_UTC).decode() + "\n")
        return
    from flows.status_report import print_status  # noqa: PLC0415  (rich)

    print_status(found)


def read_status(home: str) -> Status:
    """Read what is known of a home, while a run is under way too.

    Raises:
        InputError: nothing has run there yet.
    """
    now = clock.utc_now()
    note, held = read_note(home), is_held(home)
    api, login = (os.environ.get(name, "") for name in ("PREFECT_API_URL", "PREFECT_API_AUTH_STRING"))
    tables = _tables(home, now, is_first=bool(note) or held)
    if note and any(note.run_id == row["run_id"] for row in tables["runs"]):
        note = None  # it ended meanwhile
    schedule = next_runs(api, _FLOW, login, _SERVER_SECONDS)
    return Status(home, now, note=note, is_running=held, schedule=schedule, **tables)


def _tables(home: str, now: datetime, *, is_first: bool) -> dict[str, list[Row]]:
    """The rows of the queries, by name; none while the first run of a home has not ended."""
    if is_first and not (Path(home) / warehouse.ANALYTICS).is_file():
        return {name: [] for name in _QUERIES}
    with warehouse.analytics(home) as con:
        tables = {name: warehouse.run(con, f"show/status_{name}").to_dicts() for name in _QUERIES}
    for row in tables["sources"]:
        since = row.pop("lags_since")
        row["lag_hours"] = since and round((now - since).total_seconds() / 3600, 2)
    return tables
