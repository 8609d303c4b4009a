"""What came of looking at a live source."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

import polars as pl

from tasks.errors import EvergreenError, InputError
from tasks.ingest.live import Listing
from tasks.ingest.sources import ENDINGS
from tasks.urls import public

SCHEMA: dict[str, type[pl.DataType] | pl.DataType] = {
    "source_id": pl.String,
    "source": pl.String,
    "checked_at": pl.Datetime("us"),
    "outcome": pl.String,
    "detail": pl.String,
    "file_count": pl.Int64,
    "new_file_count": pl.Int64,
    "newest_at": pl.Datetime("us"),
    "newest_partition": pl.Date,
}


@dataclass(frozen=True)
class Check:
    """A look at a source, as `raw.source_checks` has it; times are UTC."""

    source_id: str
    source: str
    checked_at: datetime
    outcome: Literal["new", "nothing", "failed"]
    detail: str
    file_count: int
    new_file_count: int
    newest_at: datetime | None = None
    newest_partition: date | None = None


def source_id(source: str) -> str:
    """Identity of a source, with what is secret in it: 16 hex digits."""
    return hashlib.sha256(source.encode(errors="surrogateescape")).hexdigest()[:16]


def worked(source: str, now: datetime, listing: Listing, new: int, changed: int) -> Check:
    """A source that was read: `new` of its files are, `changed` others were written again meanwhile."""
    left = listing.unsettled + changed
    detail = f"{left} still being written, left for the next time (refresh.settle_seconds)" if left else ""
    outcome: Literal["new", "nothing"] = "new" if new else "nothing"
    newest = (listing.newest_at, listing.newest_partition)
    count = len(listing.files)
    return Check(source_id(source), public(source), now, outcome, detail, count, new, *newest)


def failed(source: str, now: datetime, error: EvergreenError, new: int) -> Check:
    """A source that failed, perhaps behind `new` files that could be read."""
    return Check(source_id(source), public(source), now, "failed", str(error), 0, new)


def to_frame(checks: Sequence[Check]) -> pl.DataFrame:
    """Checks as rows of `raw.source_checks`."""
    return pl.DataFrame([vars(check) for check in checks], schema=SCHEMA)


def refuse_if_empty(checks: Sequence[Check], *, is_any_known: bool) -> None:
    """Stop the first run of a home if there is nothing to begin with.

    Raises:
        InputError: no file was ever read.
    """
    if not is_any_known:
        told = "; ".join(
            f"{check.source}: {check.detail or 'nothing there that can be read'}" for check in checks
        )
        raise InputError(f"nothing to begin with: {told}. Files end in {', '.join(ENDINGS)}, packed or not")


def refuse_if_all_failed(checks: Sequence[Check], errors: Sequence[EvergreenError]) -> None:
    """Stop a run to which no source could give anything.

    Raises:
        InputError: each failed for good, as far as is known.
        EvergreenError: another try may help.
    """
    if len(errors) < len(checks):
        return
    kind = InputError if all(isinstance(error, InputError) for error in errors) else EvergreenError
    raise kind("every source failed: " + "; ".join(map(str, errors)))
