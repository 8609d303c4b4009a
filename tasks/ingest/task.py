"""The Prefect tasks of ingest: sources → raw.files, raw.conversations, raw.rejects, raw.source_checks."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import takewhile
from typing import Self

import polars as pl

from tasks import clock, warehouse
from tasks.errors import EvergreenError, InputError
from tasks.ingest import checks, sources
from tasks.ingest.batches import MAX_CHARS, Batch, batches, convert
from tasks.ingest.checks import Check
from tasks.ingest.live import Listing, earliest_partition, find_live
from tasks.ingest.readers import read_records
from tasks.ingest.records import Broken, SourceError
from tasks.refs import Ref, Run
from tasks.settings import IngestSettings, RefreshSettings
from tasks.stage import progress, stage

logger = logging.getLogger(__name__)

_MAX_QUERIES = 500
# The files that were read to their end: the id of each, by URL and place.
_Known = dict[tuple[str, str], str]


@stage("ingest", retries=3)
def ingest(run: Run, source_urls: list[str], settings: IngestSettings) -> Ref:
    """Read every file of the sources that the home has not read yet, in the place of its older version.

    A file's rows are written batch by batch, and count once the file itself is in `raw.files`: what an
    interrupted run left of a file is removed before it is read again.

    Raises:
        InputError: a source without files, a named file of which nothing can be read, or nothing but such.
        SourceError: a source failed.
    """
    files = {(file.url, file.place): file for url in source_urls for file in sources.find(url)}
    known = _known(run)
    new = [file for place, file in files.items() if known.get(place) != file.file_id]
    _refuse_unreadable(new, settings, is_any_known=len(new) < len(files))
    logger.info("%d files in the sources, %d of them not read yet", len(files), len(new))
    _read_files(run, new, settings, known, is_live=False)
    return _ref(run)


@stage("ingest")
def ingest_live(run: Run, settings: IngestSettings, live: RefreshSettings) -> Ref:
    """Read what is new in live sources. One that fails is tried again, noted, and loses no other.

    Raises:
        EvergreenError: all of them failed; InputError: for good, or no file was ever read.
    """
    past = warehouse.read(run.home, "ingest/last_checks", {}, run.lock_wait_seconds)
    earliest = {
        source_id: earliest_partition(checked_at, partition, live.late_days)
        for source_id, checked_at, partition in past.iter_rows()
    }
    known = _known(run)
    found, errors = [], []
    for source in dict.fromkeys(live.sources):
        look = _Look(run, source, earliest.get(checks.source_id(source)), settings, live, known)
        check, error = look.read()
        found.append(check)
        errors += [error] if error else []
    _store_checks(run, found)
    checks.refuse_if_all_failed(found, errors)
    checks.refuse_if_empty(found, is_any_known=bool(known))
    if not any(check.new_file_count for check in found):
        logger.info("nothing is new in %d sources", len(found))
    return _ref(run)


@dataclass(frozen=True)
class _Look:
    """A look at a live source, whose partitions before `earliest` hold nothing new."""

    run: Run
    source: str
    earliest: date | None
    settings: IngestSettings
    live: RefreshSettings
    known: _Known

    def read(self) -> tuple[Check, EvergreenError | None]:
        """Read what is new, trying again where that may help."""
        now = clock.utc_now()
        before = dict(self.known)
        for attempt in range(self.live.attempts):
            is_last = attempt == self.live.attempts - 1
            try:
                listing, changed = self._read_once(now - timedelta(seconds=self.live.settle_seconds))
            except (InputError, SourceError) as fault:
                error: EvergreenError = fault
                if is_last or isinstance(fault, InputError):
                    break
                logger.warning("%s", fault)
                time.sleep(self.live.retry_seconds * 2**attempt)
            else:
                return checks.worked(self.source, now, listing, self._new(before), changed), None
        return checks.failed(self.source, now, error, self._new(before)), error

    def _read_once(self, settled_before: datetime) -> tuple[Listing, int]:
        """Read the files that are new; those that change meanwhile are counted and left for the next time."""
        listing = find_live(self.source, self.earliest, settled_before)
        new = [file for file in listing.files if self.known.get((file.url, file.place)) != file.file_id]
        return listing, _read_files(self.run, new, self.settings, self.known, is_live=True)

    def _new(self, before: _Known) -> int:
        return sum(before.get(place) != file_id for place, file_id in self.known.items())


def _store_checks(run: Run, found: list[Check]) -> None:
    for check in found:
        if check.outcome == "failed":
            logger.warning("%s; going on with the other sources", check.detail)
        else:
            left = f", and {check.detail}" if check.detail else ""
            level = logging.WARNING if check.detail else logging.INFO
            logger.log(level, "%s: %d new files%s", check.source, check.new_file_count, left)
    tables = {"source_checks": checks.to_frame(found)}
    with warehouse.transaction(run.home, run.lock_wait_seconds) as con:
        warehouse.run(con, "ingest/forget_source_checks", {"run_id": run.id})
        warehouse.run(con, "ingest/add_source_checks", {"run_id": run.id}, tables)


def _known(run: Run) -> _Known:
    files = warehouse.read(run.home, "ingest/files", {}, run.lock_wait_seconds)
    return {(url, place): file_id for file_id, url, place in files.iter_rows()}


def _ref(run: Run) -> Ref:
    rows = warehouse.read(run.home, "ingest/count", {}, run.lock_wait_seconds).item()
    return Ref(stage="ingest", table="raw.conversations", key="all", rows=rows)


def _refuse_unreadable(
    files: list[sources.SourceFile], settings: IngestSettings, *, is_any_known: bool
) -> None:
    """Refuse a named file, or all files together, without a conversation, before anything is written."""
    for file in files:
        if file.named and (fault := _fault(file, settings)):
            raise InputError(f"{file.url}: {fault}")
    faults = [] if is_any_known else list(takewhile(bool, (_fault(file, settings) for file in files)))
    if faults and len(faults) == len(files):
        raise InputError(f"nothing readable in {len(files)} files; the first, {files[0].url}: {faults[0]}")


def _fault(file: sources.SourceFile, settings: IngestSettings) -> str | None:
    """Why nothing of a file can be used, or None if a conversation can."""
    with file.open() as raw:
        items = map(convert, read_records(raw, settings.max_record_bytes))
        first = next(items, None)
        if first is None:
            return "the file is empty"
        if isinstance(first, Broken) and all(isinstance(item, Broken) for item in items):
            return f"nothing readable; record {first.position} is {first.reason}: {first.detail}"
    return None


class _Writer:
    """Puts queries off until there are rows enough for a transaction, which costs more than a small file."""

    def __init__(self, run: Run, max_rows: int) -> None:
        self._run = run
        self._max_rows = max_rows
        self._queries: list[tuple[str, dict[str, object], dict[str, pl.DataFrame]]] = []
        self._rows = 0
        self._chars = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.flush()  # after an error too: what was read of files stays read

    def put(self, query: str, **parameters: object) -> None:
        self._queries.append((f"ingest/{query}", parameters, {}))

    def forget(self, file_id: str) -> None:
        for table in ("conversations", "rejects", "file"):
            self.put(f"forget_{table}", file_id=file_id)

    def put_batch(self, file_id: str, batch: Batch) -> None:
        for name, table in batch.tables().items():
            self._queries.append((f"ingest/add_{name}", {"file_id": file_id}, {name: table}))
        self._rows += batch.rows
        self._chars += batch.chars
        if self._rows >= self._max_rows or self._chars >= MAX_CHARS or len(self._queries) >= _MAX_QUERIES:
            self.flush()

    def flush(self) -> None:
        queries, self._queries, self._rows, self._chars = self._queries, [], 0, 0
        if queries:
            with warehouse.transaction(self._run.home, self._run.lock_wait_seconds) as con:
                for query, parameters, tables in queries:
                    warehouse.run(con, query, parameters, tables)


def _read_files(
    run: Run, new: list[sources.SourceFile], settings: IngestSettings, known: _Known, *, is_live: bool
) -> int:
    """Read files in the place of their older versions; those of live sources may change meanwhile.

    Returns:
        How many did, of which nothing is kept.
    """
    changed = 0
    with (
        progress("ingest", sum(file.size for file in new)) as advance,
        _Writer(run, settings.batch_rows) as writer,
    ):
        for file in new:
            counts = _read_file(file, settings, writer, advance)
            if is_live and not file.is_as_listed():
                writer.forget(file.file_id)
                changed += 1
                continue
            writer.put("remember_file", run_id=run.id, now=clock.utc_now(), **counts)
            if older := known.get((file.url, file.place)):
                writer.forget(older)
                writer.put("forget_clean_recipe")
            known[file.url, file.place] = file.file_id
    return changed


def _read_file(
    file: sources.SourceFile, settings: IngestSettings, writer: _Writer, advance: Callable[[int], None]
) -> dict[str, object]:
    """Write a file's rows, and return what is to be remembered of it."""
    writer.forget(file.file_id)  # what an interrupted run left
    rows = rejects = seen = 0
    with file.open() as raw:
        for batch in batches(read_records(raw, settings.max_record_bytes), settings.batch_rows):
            writer.put_batch(file.file_id, batch)
            rows, rejects = rows + len(batch.conversations), rejects + len(batch.rejects)
            at = max(seen, raw.tell())  # Parquet is not read from front to back
            advance(at - seen)
            seen = at
    if not rows + rejects:
        rejects = 1
        writer.put_batch(file.file_id, Batch(rejects=[(0, "empty_file", "no record in the file")]))
    logger.info("%s: %d conversations, %d rejects", file.url, rows, rejects)
    facts = {"file_id": file.file_id, "url": file.url, "size": file.size, "version": file.version}
    return {**facts, "rows": rows, "rejects": rejects}
