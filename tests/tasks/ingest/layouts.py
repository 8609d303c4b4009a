"""The ways to write the same records down."""

import csv
import gzip
import io
import json
from collections.abc import Callable, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import zstandard

from tasks.ingest.readers import read_records
from tasks.ingest.records import Broken, Record

Rows = Sequence[dict[str, Any]]

ROWS: list[dict[str, Any]] = [
    {
        "id": f"r{number}",
        "prompt": f'He said: "{{[{number}]}}, café" \\ and\nleft, {number} times 日本',
        "notes": [{"id": "inner", "tags": [{"b": number}]}, {"id": "another", "tags": []}],
    }
    for number in range(50)
]
FLAT: list[dict[str, Any]] = [{"id": row["id"], "prompt": row["prompt"], "language": "en"} for row in ROWS]
MAX_BYTES = 1_000_000


def jsonl(rows: Rows) -> bytes:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()


def jsonl_crlf(rows: Rows) -> bytes:
    return jsonl(rows).replace(b"\n", b"\r\n")


def array_compact(rows: Rows) -> bytes:
    return json.dumps(list(rows), separators=(",", ":")).encode()


def array_by_line(rows: Rows) -> bytes:
    return ("[\n" + ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows) + "\n]\n").encode()


def array_behind_bracket(rows: Rows) -> bytes:
    return ("[" + ",\n ".join(json.dumps(row) for row in rows) + "]").encode()


def array_pretty(rows: Rows) -> bytes:
    return json.dumps(list(rows), indent=2, ensure_ascii=False).encode()


def array_crlf(rows: Rows) -> bytes:
    return array_pretty(rows).replace(b"\n", b"\r\n")


def csv_text(rows: Rows) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def parquet(rows: Rows, row_group_size: int = 10_000) -> bytes:
    file = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(list(rows)), file, row_group_size=row_group_size)
    return file.getvalue()


JSON: dict[str, Callable[[Rows], bytes]] = {
    writer.__name__: writer
    for writer in (
        jsonl,
        jsonl_crlf,
        array_compact,
        array_by_line,
        array_behind_bracket,
        array_pretty,
        array_crlf,
    )
}
ARRAYS = {name: writer for name, writer in JSON.items() if name.startswith("array")}
TABLES: dict[str, Callable[[Rows], bytes]] = {"csv_text": csv_text, "parquet": parquet}
COMPRESSIONS: dict[str, Callable[[bytes], bytes]] = {
    "plain": bytes,
    "gzip": gzip.compress,
    "gzip_members": lambda text: gzip.compress(text[:100]) + gzip.compress(text[100:]) + b"\0" * 512,
    "zstd": zstandard.ZstdCompressor().compress,
    "zstd_frames": lambda text: b"".join(map(zstandard.ZstdCompressor().compress, (text[:100], text[100:]))),
}


def read(data: bytes, max_bytes: int = MAX_BYTES) -> list[Record | Broken]:
    return list(read_records(io.BytesIO(data), max_bytes))


def values(items: Sequence[Record | Broken]) -> list[dict[str, Any]]:
    return [item.value for item in items if isinstance(item, Record)]


def faults(items: Sequence[Record | Broken]) -> list[tuple[int, str]]:
    return [(item.position, item.reason) for item in items if isinstance(item, Broken)]
