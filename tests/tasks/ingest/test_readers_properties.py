"""What holds of the readers whatever a file contains."""

import gzip
import io
from collections.abc import Callable
from typing import Any

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.ingest.readers import read_records
from tests.tasks.ingest.layouts import (
    ARRAYS,
    COMPRESSIONS,
    JSON,
    Rows,
    csv_text,
    faults,
    jsonl,
    parquet,
    read,
    values,
)

Writer = Callable[[Rows], bytes]

TEXT = st.text(st.characters(exclude_categories=["Cs"])) | st.text('{}[]",:\\ \n\r\tid', max_size=30)
SCALAR = (
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT
)
JSON_VALUE = st.recursive(
    SCALAR,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=6,
)
OBJECTS = st.lists(st.dictionaries(TEXT, JSON_VALUE, max_size=4), min_size=1, max_size=5)
TABLES = st.lists(
    st.fixed_dictionaries({"id": TEXT, "prompt": TEXT, "language": TEXT}), min_size=1, max_size=8
)
# A change of bytes: where, as a share of the file; how many bytes go; what comes instead.
DAMAGE = st.lists(
    st.tuples(st.floats(0, 1), st.integers(0, 8), st.binary(max_size=8) | st.sampled_from([*b'[]{}",\n\\'])),
    max_size=4,
)

deterministic = settings(derandomize=True, deadline=None, max_examples=25)


def _damage(data: bytes, changes: list[tuple[float, int, bytes | int]]) -> bytes:
    for share, size, new in changes:
        at = int(share * len(data))
        data = data[:at] + (new if isinstance(new, bytes) else bytes([new])) + data[at + size :]
    return data


@pytest.mark.parametrize("write", JSON.values(), ids=JSON)
@given(rows=OBJECTS)
@deterministic
def test_any_objects_are_read_back(write: Writer, rows: list[dict[str, Any]]) -> None:
    items = read(write(rows))
    assert (values(items), faults(items)) == (rows, [])


@given(rows=TABLES)
@deterministic
def test_any_table_is_read_back(rows: list[dict[str, str]]) -> None:
    assert values(read(csv_text(rows))) == rows
    assert values(read(parquet(rows))) == rows


@pytest.mark.parametrize("write", ARRAYS.values(), ids=ARRAYS)
@given(rows=OBJECTS, size=st.integers(1, 40))
@deterministic
def test_any_array_is_read_back_across_block_boundaries(
    write: Writer, rows: list[dict[str, Any]], size: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tasks.ingest.json_array._BLOCK", size)
        assert values(read(write(rows))) == rows


@pytest.mark.parametrize("pack", COMPRESSIONS.values(), ids=COMPRESSIONS)
@given(rows=OBJECTS)
@deterministic
def test_any_objects_are_unpacked(pack: Callable[[bytes], bytes], rows: list[dict[str, Any]]) -> None:
    assert values(read(pack(jsonl(rows)))) == rows


@pytest.mark.parametrize("write", JSON.values(), ids=JSON)
@given(rows=TABLES, changes=DAMAGE, max_bytes=st.sampled_from([40, 1_000_000]))
@settings(derandomize=True, deadline=None, max_examples=40)
def test_damaged_json_never_raises_nor_makes_records(
    write: Writer, rows: list[dict[str, str]], changes: list[tuple[float, int, bytes | int]], max_bytes: int
) -> None:
    items = read(_damage(write(rows), changes), max_bytes)
    assert sum("prompt" in value for value in values(items)) <= len(rows)
    assert [item.position for item in items] == sorted(item.position for item in items)


@given(rows=TABLES, changes=DAMAGE, max_bytes=st.sampled_from([40, 1_000_000]))
@settings(derandomize=True, deadline=None, max_examples=100)
def test_damaged_csv_never_raises_nor_makes_rows_out_of_no_line(
    rows: list[dict[str, str]], changes: list[tuple[float, int, bytes | int]], max_bytes: int
) -> None:
    data = _damage(csv_text(rows), changes)
    assert len(values(read(data, max_bytes))) <= data.count(b"\n") + 1


@pytest.mark.parametrize(
    "pack",
    [lambda rows: gzip.compress(jsonl(rows)), lambda rows: zstandard.compress(jsonl(rows)), parquet],
    ids=["gzip", "zstd", "parquet"],
)
@given(rows=TABLES, changes=DAMAGE)
@settings(derandomize=True, deadline=None, max_examples=60)
def test_a_damaged_packed_file_never_raises_nor_makes_records(
    pack: Writer, rows: list[dict[str, str]], changes: list[tuple[float, int, bytes | int]]
) -> None:
    assert len(values(read(_damage(pack(rows), changes)))) <= len(rows)


@given(data=st.binary(max_size=300))
@settings(derandomize=True, deadline=None, max_examples=100)
def test_any_bytes_are_read_without_an_error(data: bytes) -> None:
    for start in (b"", b"[", b"{", b"PAR1", b"\x1f\x8b\x08", b"\x28\xb5\x2f\xfd", b"id,prompt\n"):
        for _ in read_records(io.BytesIO(start + data), 100):
            pass
