"""All formats are read, whole and broken, and one broken record costs no other."""

import gzip
import json
from collections.abc import Callable

import pytest
import zstandard

from tasks.ingest.records import Broken, Record
from tests.tasks.ingest.layouts import (
    ARRAYS,
    COMPRESSIONS,
    FLAT,
    JSON,
    ROWS,
    TABLES,
    Rows,
    array_by_line,
    array_compact,
    array_pretty,
    csv_text,
    faults,
    jsonl,
    parquet,
    read,
    values,
)

Writer = Callable[[Rows], bytes]


@pytest.mark.parametrize("pack", COMPRESSIONS.values(), ids=COMPRESSIONS)
@pytest.mark.parametrize("write", [*JSON.values(), parquet], ids=[*JSON, "parquet"])
def test_nested_records_are_read_from_every_format_and_compression(
    write: Writer, pack: Callable[[bytes], bytes]
) -> None:
    assert values(read(pack(write(ROWS)))) == ROWS


@pytest.mark.parametrize("pack", COMPRESSIONS.values(), ids=COMPRESSIONS)
@pytest.mark.parametrize("write", [*JSON.values(), *TABLES.values()], ids=[*JSON, *TABLES])
def test_flat_records_are_read_from_every_format_and_compression(
    write: Writer, pack: Callable[[bytes], bytes]
) -> None:
    items = read(pack(write(FLAT)))
    assert values(items) == FLAT
    if write is not JSON["jsonl_crlf"]:
        assert [item.position for item in items] == list(range(1, 51))


@pytest.mark.parametrize("write", [*JSON.values(), csv_text], ids=[*JSON, "csv"])
def test_a_byte_order_mark_is_not_text(write: Writer) -> None:
    assert values(read(b"\xef\xbb\xbf" + write(FLAT))) == FLAT


@pytest.mark.parametrize(
    "data", [b"", b"\n \n", b"\xef\xbb\xbf", b"[]", b" [ ]\n", gzip.compress(b"", mtime=0), b"id,prompt\n"]
)
def test_an_empty_file_has_no_records(data: bytes) -> None:
    assert read(data) == []


BREAKS: dict[str, Callable[[bytes], bytes]] = {
    "bad value": lambda text: text.replace(b'"r20"', b"NOPE", 1),
    "bracket missing at the end": lambda text: _change(text, b"r20", b"}]}]", b"}]]"),
    "bracket missing inside": lambda text: _change(text, b"r20", b"[{", b"[", after=b"notes"),
    "bracket too many": lambda text: text.replace(b'"r20"', b'"r20"]]}', 1),
    "closing quote missing": lambda text: text.replace(b'"r20"', b'"r20', 1),
    "opening quote missing": lambda text: text.replace(b'"r20"', b'r20"', 1),
    "NUL byte": lambda text: text.replace(b'"r20"', b'"r\x0020"', 1),
    "bytes that are not UTF-8": lambda text: text.replace(b'"r20"', b'"r\xff20"', 1),
}


def _change(text: bytes, record: bytes, old: bytes, new: bytes, after: bytes = b"") -> bytes:
    """Change the first `old` behind a record's id, whatever white space the layout puts into it."""
    start = text.index(after, text.index(b'"' + record + b'"'))
    signs = [text.index(old[:1], start)]
    for sign in old[1:]:
        signs.append(text.index(bytes([sign]), signs[-1] + 1))
    if len(new) == len(old) - 1:
        drop = next(i for i in range(len(old)) if i == len(new) or old[i] != new[i])
        return text[: signs[drop]] + text[signs[drop] + 1 :]
    raise ValueError(new)


@pytest.mark.parametrize("damage", BREAKS.values(), ids=BREAKS)
@pytest.mark.parametrize("write", JSON.values(), ids=JSON)
def test_a_broken_json_record_costs_no_other(write: Writer, damage: Callable[[bytes], bytes]) -> None:
    text = write(ROWS)
    items = read(damage(text))
    assert damage(text) != text
    assert values(items) == ROWS[:20] + ROWS[21:]
    assert {reason for _, reason in faults(items)} <= {"bad_json", "truncated"}
    assert faults(items)[0][0] == 21


@pytest.mark.parametrize("write", JSON.values(), ids=JSON)
def test_many_broken_records_are_each_a_reject(write: Writer) -> None:
    text = write(FLAT)
    for number in range(0, 50, 5):
        text = text.replace(f'"r{number}"'.encode(), f'"r{number}'.encode(), 1)
    items = read(text)
    assert values(items) == [row for number, row in enumerate(FLAT) if number % 5]
    assert faults(items) == [(number + 1, "bad_json") for number in range(0, 50, 5)]


@pytest.mark.parametrize("write", JSON.values(), ids=JSON)
def test_what_is_no_object_is_a_reject(write: Writer) -> None:
    mixed = [FLAT[0], 7, "text", None, [1], FLAT[1]]
    items = read(write(mixed))  # type: ignore[arg-type]
    assert values(items) == FLAT[:2]
    assert faults(items) == [(position, "bad_json") for position in (2, 3, 4, 5)]


@pytest.mark.parametrize("write", JSON.values(), ids=JSON)
def test_a_file_cut_mid_string_keeps_all_that_is_whole(write: Writer) -> None:
    text = write(FLAT)
    items = read(text[: text.index(b'"r30"') + 3])
    assert values(items) == FLAT[:30]
    assert len(faults(items)) == 1
    assert faults(items)[0] in [(31, "truncated"), (31, "bad_json")]


@pytest.mark.parametrize("write", ARRAYS.values(), ids=ARRAYS)
def test_an_array_cut_between_records_is_truncated(write: Writer) -> None:
    text = write(FLAT)
    items = read(text[: text.rindex(b"{", 0, text.index(b'"r30"'))])
    assert values(items) == FLAT[:30]
    assert faults(items) == [(31, "truncated")]


@pytest.mark.parametrize("write", ARRAYS.values(), ids=ARRAYS)
def test_an_array_without_its_closing_bracket_is_truncated(write: Writer) -> None:
    items = read(write(FLAT).rstrip()[:-1])
    assert values(items) == FLAT
    assert faults(items) == [(51, "truncated")]


def test_an_array_without_its_opening_bracket_is_read_line_by_line() -> None:
    assert values(read(array_by_line(FLAT).replace(b"[\n", b"", 1))) == FLAT


@pytest.mark.parametrize("write", ARRAYS.values(), ids=ARRAYS)
def test_arrays_behind_each_other_are_all_read(write: Writer) -> None:
    items = read(write(FLAT[:9]) + write(FLAT[9:]))
    assert (values(items), faults(items)) == (FLAT, [])


@pytest.mark.parametrize("write", ARRAYS.values(), ids=ARRAYS)
def test_what_follows_an_array_is_a_reject(write: Writer) -> None:
    items = read(write(FLAT) + b"\0\0\0")
    assert (values(items), faults(items)) == (FLAT, [(51, "bad_json")])


def test_lines_whose_first_is_broken_are_not_taken_for_csv() -> None:
    items = read(b'end of a line"}\n' + jsonl(FLAT))
    assert (values(items), faults(items)) == (FLAT, [(1, "bad_json")])


@pytest.mark.parametrize("write", JSON.values(), ids=JSON)
@pytest.mark.parametrize("place", [0, 20, 49])
def test_a_json_record_that_is_too_large_costs_no_other(write: Writer, place: int) -> None:
    large = {"id": "large", "prompt": 'x "]}' * 600_000}
    items = read(write([*FLAT[:place], large, *FLAT[place:]]))
    assert (values(items), faults(items)) == (FLAT, [(place + 1, "too_large")])


def test_a_missing_quote_in_a_long_array_loses_one_record() -> None:
    rows = [{"id": f"r{number}", "prompt": "x" * 1_000} for number in range(5_000)]
    for write in ARRAYS.values():
        items = read(write(rows).replace(b'"r700"', b'"r700', 1))
        assert values(items) == rows[:700] + rows[701:]


@pytest.mark.parametrize(
    "data", [b"\x89PNG\r\n\x1a\n\0\0", "prompt,id\na,1\n".encode("utf-16"), b"\0" * 5_000]
)
def test_a_file_of_another_kind_is_one_reject(data: bytes) -> None:
    assert faults(read(data)) == [(1, "unknown_format")]


@pytest.mark.parametrize("pack", [gzip.compress, zstandard.ZstdCompressor().compress], ids=["gzip", "zstd"])
@pytest.mark.parametrize("write", [*JSON.values(), csv_text], ids=[*JSON, "csv"])
def test_a_compressed_file_that_breaks_off_keeps_what_was_read(
    write: Writer, pack: Callable[[bytes], bytes]
) -> None:
    rows = [{"id": str(number), "prompt": f"{number * 7919 % 10007} words " * 9} for number in range(20_000)]
    data = pack(write(rows))
    items = read(data[: len(data) * 2 // 3])
    assert values(items) == rows[: len(values(items))]
    assert len(values(items)) > 10_000
    assert faults(items) == [(items[-1].position, "truncated")]


@pytest.mark.parametrize("pack", [gzip.compress, zstandard.ZstdCompressor().compress], ids=["gzip", "zstd"])
def test_a_compressed_file_cut_at_its_very_end_is_still_told(pack: Callable[[bytes], bytes]) -> None:
    items = read(pack(jsonl(FLAT))[:-2])
    assert [item.reason for item in items if isinstance(item, Broken)] == ["truncated"]


@pytest.mark.parametrize("write", [*JSON.values(), *TABLES.values()], ids=[*JSON, *TABLES])
@pytest.mark.parametrize("bad", [b"\xff", b"\0", b'"', b"{", b"]", b"\\u12", b"\n", b"PAR1"])
def test_no_parser_quotes_what_it_could_not_read(write: Writer, bad: bytes) -> None:
    data = write([{"id": str(number), "prompt": f"secret {number} secret"} for number in range(20)])
    for place in range(0, len(data), 7):
        for damaged in (data[:place] + bad + data[place:], data[:place] + bad + data[place + len(bad) :]):
            assert not [
                item for item in read(damaged) if isinstance(item, Broken) and "secret" in item.detail
            ]


@pytest.mark.parametrize("size", [1, 2, 3, 7, 64])
@pytest.mark.parametrize("write", ARRAYS.values(), ids=ARRAYS)
def test_block_boundaries_fall_anywhere(write: Writer, size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tasks.ingest.json_array._BLOCK", size)
    assert values(read(write(ROWS))) == ROWS
    broken = read(write(ROWS).replace(b'"r20"', b'"r20', 1))
    assert values(broken) == ROWS[:20] + ROWS[21:]


def test_positions_of_jsonl_are_lines() -> None:
    items = read(b'\n{"id": 1}\n\n{oops\n{"id": 2}')
    assert [type(item) for item in items] == [Record, Broken, Record]
    assert [item.position for item in items] == [2, 4, 5]


def test_python_constants_that_json_lacks_are_rejects() -> None:
    assert faults(read(array_compact([{"score": float("nan")}]))) == [(1, "bad_json")]
    assert faults(read(json.dumps({"prompt": "half \ud83d"}).encode())) == [(1, "bad_json")]


def test_a_pretty_printed_array_without_indentation_is_read() -> None:
    text = json.dumps(ROWS, indent=0).encode()
    assert values(read(text)) == ROWS
    assert array_pretty(ROWS) != text
