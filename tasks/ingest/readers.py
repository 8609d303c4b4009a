"""Files as streams of records: JSONL, JSON arrays, CSV and Parquet; plain, gzip or zstd.

The format is read off the bytes, not the name. A record that can't be read becomes a `Broken`, and reading
goes on behind it. Memory holds one block and one record, however long the file is.
"""

import io
import shutil
import tempfile
from collections.abc import Iterator
from typing import IO, cast

import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from tasks.ingest.compression import DAMAGED, decompress
from tasks.ingest.csv_rows import RowCutter, RowError
from tasks.ingest.json_array import ArrayCutter, is_json
from tasks.ingest.records import Broken, Record, SourceError

_BOM = b"\xef\xbb\xbf"
_PARQUET = b"PAR1"
_BLOCK = 1 << 20
_SPOOL_BYTES = 1 << 24


def read_records(raw: IO[bytes], max_record_bytes: int) -> Iterator[Record | Broken]:
    """Read all records of a file.

    Args:
        raw: the file's bytes, seekable if they are Parquet.
        max_record_bytes: a longer JSON or CSV record is `too_large`.

    Yields:
        Records and broken records, in the file's order. A file that breaks off ends in a `truncated`.

    Raises:
        SourceError: `raw` raised it.
    """
    source = raw if isinstance(raw, io.BufferedReader) else io.BufferedReader(cast(io.RawIOBase, raw), _BLOCK)
    position = 0
    try:
        for item in _read(source, max_record_bytes):
            position = item.position
            yield item
    except DAMAGED as error:
        yield Broken(position + 1, "truncated", f"the compressed file is damaged or breaks off: {error}")


def _read(source: io.BufferedReader, max_record_bytes: int) -> Iterator[Record | Broken]:
    stream = decompress(source)
    start = stream.peek(len(_PARQUET))
    if start.startswith(_PARQUET):
        return _parquet(stream if stream is source else _spool(stream))
    if start.startswith(_BOM):
        stream.read(len(_BOM))
    start = stream.peek(1).lstrip()
    if start[:1] == b"[":
        return _json_array(stream, max_record_bytes)
    if start[:1] == b"{" or _is_object(start.split(b"\n", 2)[1:2]):
        return _jsonl(stream, max_record_bytes)
    return _csv(stream, max_record_bytes) if start else iter(())


def _is_object(second_line: list[bytes]) -> bool:
    """Whether the line behind a file's first is an object: JSONL whose first line is broken."""
    return any(isinstance(_parse(2, line), Record) for line in second_line)


def _spool(stream: IO[bytes]) -> IO[bytes]:
    """Unpack a compressed Parquet file, whose footer is read first, to where it can be sought in."""
    file = tempfile.SpooledTemporaryFile(_SPOOL_BYTES)  # noqa: SIM115  (closed when it is collected)
    shutil.copyfileobj(stream, file)
    file.seek(0)
    return cast(IO[bytes], file)


def _jsonl(stream: io.BufferedReader, max_record_bytes: int) -> Iterator[Record | Broken]:
    position = 0
    while line := stream.readline(max_record_bytes + 1):
        position += 1
        if len(line) > max_record_bytes and not line.endswith(b"\n"):
            _skip_line(stream)
            yield Broken(position, "too_large", f"a line of over {max_record_bytes} bytes")
        elif text := line.strip():
            item = _parse(position, text)
            # An array without its opening bracket: its lines end in commas.
            yield _parse(position, text.rstrip(b", \t]")) if isinstance(item, Broken) else item


def _skip_line(stream: io.BufferedReader) -> None:
    while (rest := stream.readline(_BLOCK)) and not rest.endswith(b"\n"):
        pass


def _json_array(stream: io.BufferedReader, max_record_bytes: int) -> Iterator[Record | Broken]:
    cutter = ArrayCutter(stream, max_record_bytes)
    position = 0
    item: Record | Broken | None = None
    for element in cutter:
        if element is None:
            position += 1
            yield Broken(position, "too_large", f"a record of over {max_record_bytes} bytes")
            continue
        pieces = [element] if is_json(element) else cutter.salvage(element)
        for piece in pieces:
            position += 1
            is_last = cutter.is_cut_off and piece is pieces[-1]
            item = _parse(position, piece, "truncated" if is_last else "bad_json")
            yield item
    if cutter.is_cut_off and not (isinstance(item, Broken) and item.reason == "truncated"):
        yield Broken(position + 1, "truncated", "the file ends inside its array")


def _parse(position: int, text: bytes, reason: str = "bad_json") -> Record | Broken:
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        return Broken(position, reason, error.msg)
    if not isinstance(value, dict):
        return Broken(position, "bad_json", f"an object was expected, not a {type(value).__name__}")
    return Record(position, value)


def _csv(stream: io.BufferedReader, max_record_bytes: int) -> Iterator[Record | Broken]:
    try:
        rows = RowCutter(stream, max_record_bytes)
    except RowError as error:
        yield Broken(1, error.reason, str(error))
        return
    for position, row in enumerate(rows, start=1):
        if isinstance(row, RowError):
            yield Broken(position, row.reason, str(row))
        else:
            yield Record(position, dict(zip(rows.header, row, strict=True)))


def _parquet(file: IO[bytes]) -> Iterator[Record | Broken]:
    """Read row group by row group; each row of a damaged one that can't be read is a `Broken`."""
    position = 0
    try:
        parquet = pq.ParquetFile(file)
        sizes = [parquet.metadata.row_group(number).num_rows for number in range(parquet.num_row_groups)]
    except SourceError:
        raise
    except (pa.ArrowException, OSError, ValueError) as error:
        yield Broken(1, "truncated", f"not readable as Parquet: {_first_line(error)}")
        return
    if sum(sizes) != parquet.metadata.num_rows:
        yield Broken(1, "truncated", "not readable as Parquet: its row counts disagree")
        return
    for number, size in enumerate(sizes):
        end = position + size
        fault = "rows are missing"
        try:
            for batch in parquet.iter_batches(batch_size=1_000, row_groups=[number]):
                for item in _rows(batch, position):
                    position = item.position
                    yield item
        except SourceError:
            raise
        except (pa.ArrowException, OSError) as error:
            fault = _first_line(error)
        yield from (Broken(lost, "bad_parquet", fault) for lost in range(position + 1, end + 1))
        position = end


def _rows(batch: pa.RecordBatch, position: int) -> Iterator[Record | Broken]:
    try:
        values = batch.to_pylist()
    except (ValueError, OverflowError) as error:
        if batch.num_rows > 1:
            for number in range(batch.num_rows):
                yield from _rows(batch.slice(number, 1), position + number)
        else:
            reason = "bad_encoding" if isinstance(error, UnicodeDecodeError) else "wrong_type"
            yield Broken(position + 1, reason, type(error).__name__)
    else:
        yield from (Record(number, value) for number, value in enumerate(values, position + 1))


def _first_line(error: Exception) -> str:
    return (str(error) or type(error).__name__).splitlines()[0]
