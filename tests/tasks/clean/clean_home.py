"""Conversations to clean, put into a warehouse by hand, and what became of them."""

from datetime import datetime, timedelta
from typing import Any

import polars as pl

from tasks import warehouse
from tasks.clean.task import clean
from tasks.refs import Ref, Run
from tasks.settings import CleanSettings
from tests.plugins.homes import fetch

MONDAY = datetime(2026, 3, 2, 9)  # noqa: DTZ001  (the warehouse keeps UTC, naive)
A = "Please explain how a bicycle stays upright while it is moving slowly."
B = "Write a short story about a lighthouse keeper who is afraid of the dark."
C = "What is the derivative of x squared times the sine of x? Show each step."
GERMAN = "Kannst du mir bitte erklären, wie man einen guten Lebenslauf schreibt?"
COLUMNS = {
    "file_id": pl.String,
    "position": pl.Int64,
    "asked_at": pl.Datetime("us"),
    "prompt": pl.String,
    "turn_count": pl.Int32,
    "language": pl.String,
    "is_toxic": pl.Boolean,
    "has_image": pl.Boolean,
}
Row = dict[str, Any]


def row(prompt: str, day: int | None = 0, file: str = "f1", **values: object) -> Row:
    asked_at = None if day is None else MONDAY + timedelta(days=day)
    plain = {"turn_count": 1, "language": None, "is_toxic": False, "has_image": False}
    return {"file_id": file, "asked_at": asked_at, "prompt": prompt, **plain, **values}


def add(run: Run, rows: list[Row]) -> None:
    """Put conversations into the warehouse as ingest does, each file under its row in raw.files."""
    conversations = pl.DataFrame(
        [{"position": position, **row} for position, row in enumerate(rows, start=1)], schema=COLUMNS
    )
    with warehouse.transaction(run.home) as con:
        con.register("new", conversations)
        con.execute(
            "insert into raw.files select distinct file_id, 'u', 1, 'v', 1, 0, 'r', now()::timestamp "
            "from new where file_id not in (select file_id from raw.files)"
        )
        con.execute(
            "insert into raw.conversations select file_id, position, 'plain', null, asked_at, null, prompt, "
            "turn_count, language, is_toxic, has_image from new"
        )


def clean_up(run: Run, settings: CleanSettings | None = None) -> Ref:
    return clean.fn(
        run, Ref(stage="ingest", table="raw.conversations", key="all", rows=1), settings or CleanSettings()
    )


def reasons(run: Run) -> dict[str | None, int]:
    return dict(fetch(run.home, "select reject_reason, count(*) from core.sightings group by all"))


def rules(run: Run) -> dict[str, int]:
    return dict(fetch(run.home, "select rule, count(*) from core.flags group by all"))


def products(run: Run) -> tuple[list[tuple[Any, ...]], ...]:
    """What must be the same in whatever order: prompts with dates, flags, sightings without their places."""
    return (
        fetch(
            run.home,
            "select prompt_id, prompt, char_count, language, first_seen_at from core.prompts order by all",
        ),
        fetch(run.home, "select * from core.flags order by all"),
        fetch(run.home, "select prompt_id, asked_at, reject_reason from core.sightings order by all"),
    )
