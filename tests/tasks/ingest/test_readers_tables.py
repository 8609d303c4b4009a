"""Rows of CSV and Parquet: what is broken costs no other, and is not quoted."""

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tasks.ingest.records import Broken
from tests.tasks.ingest.layouts import FLAT, csv_text, faults, parquet, read, values


def test_csv_with_a_wrong_number_of_cells_costs_one_row() -> None:
    items = read(b"id,prompt\n1,one\n2,two,too many\n3\n\n,\n4,four\n")
    assert values(items) == [
        {"id": "1", "prompt": "one"},
        {"id": "", "prompt": ""},
        {"id": "4", "prompt": "four"},
    ]
    assert faults(items) == [(2, "bad_csv"), (3, "bad_csv")]


@pytest.mark.parametrize(("old", "new"), [(b'"r20"', b'"r20'), (b'"r20"', b'"r"20"'), (b'20"', b"20")])
def test_a_csv_quote_that_is_missing_costs_one_row(old: bytes, new: bytes) -> None:
    rows = [
        {"id": f"r{number}", "prompt": f"one, two\nthree {number}", "language": "en"} for number in range(50)
    ]
    text = csv_text(rows).replace(b"r20,", b'"r20",')
    items = read(text.replace(old, new, 1))
    assert values(items) == rows[:20] + rows[21:]
    assert [reason for _, reason in faults(items)] in (["bad_csv"], ["bad_csv", "bad_csv"])


def test_a_csv_file_cut_inside_quotes_keeps_the_rows_before() -> None:
    text = csv_text(FLAT)
    items = read(text[: text.index(b"30 times")])
    assert values(items) == FLAT[:30]
    assert [reason for _, reason in faults(items)] == ["bad_csv"]


def test_csv_that_is_not_utf_8_costs_the_row() -> None:
    items = read("id,prompt\n1,café\n2,tea\n".encode("latin-1"))
    assert (values(items), faults(items)) == ([{"id": "2", "prompt": "tea"}], [(1, "bad_encoding")])


def test_a_nul_byte_in_csv_is_a_character() -> None:
    assert values(read(b"id,prompt\n1,a\0b\n")) == [{"id": "1", "prompt": "a\0b"}]


def test_a_csv_row_that_is_too_large_costs_no_other() -> None:
    large = {"id": "large", "prompt": "é" * 600_000, "language": "en"}
    items = read(csv_text([*FLAT[:20], large, *FLAT[20:]]))
    assert (values(items), faults(items)) == (FLAT, [(21, "too_large")])


def test_a_truncated_parquet_file_is_one_reject() -> None:
    data = parquet(FLAT)
    for size in (4, 8, 100, len(data) - 1):
        assert faults(read(data[:size])) == [(1, "truncated")]


def test_a_damaged_row_group_costs_no_other() -> None:
    data = bytearray(parquet([{"id": f"row {number}"} for number in range(100)], row_group_size=20))
    start = data.index(b"row 40")
    data[start : start + 60] = b"\xff" * 60
    items = read(bytes(data))
    assert [value["id"] for value in values(items)] == [f"row {n}" for n in range(100) if not 40 <= n < 60]
    assert faults(items) == [(position, "bad_parquet") for position in range(41, 61)]


def test_parquet_whose_row_counts_disagree_is_one_reject() -> None:
    data = parquet(FLAT[:5])
    footer = data.index(b"schema")
    damaged = data[:footer] + data[footer:].replace(b"\x16\x0a", b"\x16\x7e", 1)  # Thrift's 5 and 63
    assert pq.read_metadata(pa.BufferReader(damaged)).num_rows == 63
    assert faults(read(damaged)) == [(1, "truncated")]


def test_parquet_text_is_not_quoted_where_its_footer_is_damaged() -> None:
    data = parquet([{"secret": "secret", "prompt": str(number)} for number in range(20)])
    for place in range(data.index(b"schema"), len(data)):
        for bad in (b"\xff", b"\0", b"\x16"):
            items = read(data[:place] + bad + data[place + 1 :])
            assert not [item for item in items if isinstance(item, Broken) and "secret" in item.detail]


def test_parquet_text_that_is_not_utf_8_costs_the_row() -> None:
    texts = pa.array([b"one", b"t\xffo", b"three"], pa.binary()).view(pa.string())
    sink = pa.BufferOutputStream()
    pq.write_table(pa.table({"prompt": texts}), sink)
    items = read(sink.getvalue().to_pybytes())
    assert [value["prompt"] for value in values(items)] == ["one", "three"]
    assert faults(items) == [(2, "bad_encoding")]
