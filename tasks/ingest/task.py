"""The Prefect task of ingest: sources → raw.files, raw.conversations, raw.rejects."""

import logging
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import takewhile
from operator import attrgetter
from typing import Self

import polars as pl

from tasks import warehouse
from tasks.errors import InputError
from tasks.ingest import sources
from tasks.ingest.readers import read_records
from tasks.ingest.records import Broken, Record
from tasks.ingest.schemas import Conversation, RecordError, to_conversation
from tasks.refs import Ref, Run
from tasks.settings import IngestSettings
from tasks.stage import progress, stage

logger = logging.getLogger(__name__)

_CONVERSATIONS: dict[str, type[pl.DataType] | pl.DataType] = {
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
_values = attrgetter(*list(_CONVERSATIONS)[1:])
_MAX_QUERIES = 500
_BATCH_CHARS = 32_000_000  # rows are written earlier where prompts are long


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
    known_files = warehouse.read(run.home, "ingest/files", {}, run.lock_wait_seconds)
    known = {(url, place): file_id for file_id, url, place in known_files.iter_rows()}
    new = [file for place, file in files.items() if known.get(place) != file.file_id]
    _refuse_unreadable(new, settings, is_any_known=len(new) < len(files))
    logger.info("files: %d, new: %d", len(files), len(new))
    with (
        progress("ingest", sum(file.size for file in new)) as advance,
        _Writer(run, settings.batch_rows) as writer,
    ):
        for file in new:
            _read_file(run, file, settings, writer, advance)
            if older := known.get((file.url, file.place)):
                writer.forget(older)
                writer.put("forget_clean_recipe")
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
        items = map(_convert, read_records(raw, settings.max_record_bytes))
        first = next(items, None)
        if first is None:
            return "the file is empty"
        if isinstance(first, Broken) and all(isinstance(item, Broken) for item in items):
            return f"nothing readable; record {first.position} is {first.reason}: {first.detail}"
    return None


def _convert(item: Record | Broken) -> tuple[int, Conversation] | Broken:
    if isinstance(item, Broken):
        return item
    try:
        return item.position, to_conversation(item.value)
    except RecordError as error:
        return Broken(item.position, error.reason, str(error))


@dataclass
class _Batch:
    """Rows on their way to the warehouse."""

    conversations: list[tuple[object, ...]] = field(default_factory=list)
    rejects: list[tuple[int, str, str]] = field(default_factory=list)
    chars: int = 0

    @property
    def rows(self) -> int:
        return len(self.conversations) + len(self.rejects)

    def add(self, item: tuple[int, Conversation] | Broken) -> None:
        if isinstance(item, Broken):
            self.rejects.append((item.position, item.reason, item.detail))
        else:
            position, conversation = item
            self.conversations.append((position, *_values(conversation)))
            self.chars += len(conversation.prompt)


def _batches(items: Iterable[Record | Broken], max_rows: int) -> Iterator[_Batch]:
    batch = _Batch()
    for item in map(_convert, items):
        batch.add(item)
        if batch.rows >= max_rows or batch.chars >= _BATCH_CHARS:
            yield batch
            batch = _Batch()
    if batch.rows:
        yield batch


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

    def put_batch(self, file_id: str, batch: _Batch) -> None:
        tables = {
            "conversations": pl.DataFrame(batch.conversations, schema=_CONVERSATIONS, orient="row"),
            "rejects": pl.DataFrame(batch.rejects, schema=_REJECTS, orient="row"),
        }
        for name, table in tables.items():
            if table.height:
                self._queries.append((f"ingest/add_{name}", {"file_id": file_id}, {name: table}))
        self._rows += batch.rows
        self._chars += batch.chars
        if self._rows >= self._max_rows or self._chars >= _BATCH_CHARS or len(self._queries) >= _MAX_QUERIES:
            self.flush()

    def flush(self) -> None:
        queries, self._queries, self._rows, self._chars = self._queries, [], 0, 0
        if queries:
            with warehouse.transaction(self._run.home, self._run.lock_wait_seconds) as con:
                for query, parameters, tables in queries:
                    warehouse.run(con, query, parameters, tables)


def _read_file(
    run: Run,
    file: sources.SourceFile,
    settings: IngestSettings,
    writer: _Writer,
    advance: Callable[[int], None],
) -> None:
    writer.forget(file.file_id)  # what an interrupted run left
    rows = rejects = seen = 0
    with file.open() as raw:
        for batch in _batches(read_records(raw, settings.max_record_bytes), settings.batch_rows):
            writer.put_batch(file.file_id, batch)
            rows, rejects = rows + len(batch.conversations), rejects + len(batch.rejects)
            at = max(seen, raw.tell())  # Parquet is not read from front to back
            advance(at - seen)
            seen = at
    if not rows + rejects:
        rejects = 1
        writer.put_batch(file.file_id, _Batch(rejects=[(0, "empty_file", "no record in the file")]))
    counts = {"url": file.url, "size": file.size, "version": file.version, "rows": rows, "rejects": rejects}
    now = warehouse.utc_now()
    writer.put("remember_file", file_id=file.file_id, run_id=run.id, now=now, **counts)
    logger.info("%s: %d conversations, %d rejects", file.url, rows, rejects)
