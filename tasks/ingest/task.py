"""The Prefect task of ingest: sources → raw.files, raw.conversations, raw.rejects."""

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice

import polars as pl

from tasks import warehouse
from tasks.errors import InputError
from tasks.ingest import sources
from tasks.ingest.readers import Broken, Record, read_records
from tasks.ingest.schemas import Conversation, RecordError, to_conversation
from tasks.refs import Ref, Run
from tasks.settings import IngestSettings
from tasks.stage import progress, stage

logger = logging.getLogger(__name__)

_CONVERSATIONS = {
    "position": pl.Int64,
    "schema": pl.String,
    "source_id": pl.String,
    "prompt": pl.String,
    "turn_count": pl.Int32,
    "asked_at": pl.Datetime("us"),
    "asker": pl.String,
    "language": pl.String,
    "is_toxic": pl.Boolean,
    "has_image": pl.Boolean,
}
_REJECTS = {"position": pl.Int64, "reason": pl.String, "detail": pl.String}


@stage("ingest", retries=3)
def ingest(run: Run, source_urls: list[str], settings: IngestSettings) -> Ref:
    """Read every file of the sources that the home has not read yet.

    A file's rows are written batch by batch, and count once the file itself is in `raw.files`: what an
    interrupted run left of a file is removed before it is read again.

    Raises:
        InputError: a source without files, or a named file that is empty or of no known schema.
    """
    files = {file.file_id: file for url in source_urls for file in sources.find(url)}
    known = set(warehouse.read(run.home, "ingest/files", {}, run.lock_wait_seconds)["file_id"])
    new = [file for file_id, file in files.items() if file_id not in known]
    for file in new:
        if file.named:
            _require_known_schema(file, settings)
    logger.info("%d files, %d of them new", len(files), len(new))
    with progress("ingest", sum(file.size for file in new)) as advance:
        for file in new:
            _read_file(run, file, settings, advance)
    rows = warehouse.read(run.home, "ingest/count", {}, run.lock_wait_seconds).item()
    if not rows:
        raise InputError(f"{', '.join(source_urls)}: no record of any known schema in {len(files)} files")
    return Ref(stage="ingest", table="raw.conversations", key="all", rows=rows)


@dataclass
class _Batch:
    """Rows on their way to the warehouse."""

    conversations: list[tuple[object, ...]] = field(default_factory=list)
    rejects: list[tuple[int, str, str]] = field(default_factory=list)


def _read_file(run: Run, file: sources.SourceFile, settings: IngestSettings, advance: Callable[[int], None]) -> None:
    _execute(run, "ingest/forget_conversations", {"file_id": file.file_id})
    _execute(run, "ingest/forget_rejects", {"file_id": file.file_id})
    rows = rejects = seen = 0
    with file.open() as raw:
        records = read_records(raw, settings.max_record_bytes)
        while items := list(islice(records, settings.batch_rows)):
            batch = _convert(items)
            _write(run, file.file_id, batch)
            rows, rejects = rows + len(batch.conversations), rejects + len(batch.rejects)
            place = file.size if raw.closed else raw.tell()  # readers close it at its end
            advance(place - seen)
            seen = place
    if not rows + rejects:
        rejects = 1
        _write(run, file.file_id, _Batch(rejects=[(0, "empty_file", "no record in the file")]))
    counts = {"url": file.url, "size": file.size, "version": file.version, "rows": rows, "rejects": rejects}
    now = datetime.now(UTC).replace(tzinfo=None)
    _execute(run, "ingest/remember_file", {"file_id": file.file_id, "run_id": run.id, "now": now, **counts})
    logger.info("%s: %d conversations, %d rejects", file.url, rows, rejects)


def _convert(items: list[Record | Broken]) -> _Batch:
    batch = _Batch()
    for item in items:
        if isinstance(item, Broken):
            batch.rejects.append((item.position, item.reason, item.detail))
            continue
        try:
            batch.conversations.append((item.position, *_values(to_conversation(item.value))))
        except RecordError as error:
            batch.rejects.append((item.position, error.reason, str(error)))
    return batch


def _values(row: Conversation) -> Iterator[object]:
    return (getattr(row, name) for name in list(_CONVERSATIONS)[1:])


def _write(run: Run, file_id: str, batch: _Batch) -> None:
    tables = {
        "conversations": pl.DataFrame(batch.conversations, schema=_CONVERSATIONS, orient="row"),
        "rejects": pl.DataFrame(batch.rejects, schema=_REJECTS, orient="row"),
    }
    with warehouse.transaction(run.home, run.lock_wait_seconds) as con:
        warehouse.run(con, "ingest/add_conversations", {"file_id": file_id}, tables)
        warehouse.run(con, "ingest/add_rejects", {"file_id": file_id}, tables)


def _execute(run: Run, query: str, parameters: dict[str, object]) -> None:
    with warehouse.transaction(run.home, run.lock_wait_seconds) as con:
        warehouse.run(con, query, parameters)


def _require_known_schema(file: sources.SourceFile, settings: IngestSettings) -> None:
    """Refuse a named file of which nothing can be read, before anything is written."""
    with file.open() as raw:
        start = list(islice(read_records(raw, settings.max_record_bytes), 1_000))
    if not start:
        raise InputError(f"{file.url}: the file is empty")
    batch = _convert(start)
    if not batch.conversations:
        position, reason, detail = batch.rejects[0]
        raise InputError(f"{file.url}: nothing readable; record {position} is {reason}: {detail}")
