"""Sources without a conversation, or that are not there: refused in one line, before anything is written."""

import pytest

from tasks.errors import InputError
from tasks.refs import Run
from tests.plugins.homes import fetch
from tests.tasks.ingest.home import Write, ingest_all, lines_of, prompts_of


@pytest.mark.parametrize(
    ("name", "content", "clue"),
    [
        ("a.jsonl", "", "the file is empty"),
        ("a.json", "[]", "the file is empty"),
        ("a.csv", "prompt\n", "the file is empty"),
        ("a.jsonl", '{"text": "hello"}\n', "record 1 is unknown_schema: 1 columns, of which known: none"),
        ("a.csv", "question,answer\na,b\n", "record 1 is unknown_schema: 2 columns, of which known: none"),
        ("a.xlsx", b"PK\x03\x04\0\0", "record 1 is unknown_format"),
        ("a.parquet", b"PAR1", "record 1 is truncated"),
    ],
)
def test_a_named_file_without_a_conversation_is_refused(
    run: Run, write: Write, name: str, content: str | bytes, clue: str
) -> None:
    path = write(name, content)
    good = write("good.jsonl", lines_of("one"))
    with pytest.raises(InputError) as caught:
        ingest_all(run, good, path)
    assert str(caught.value).startswith(str(path))
    assert clue in str(caught.value)
    assert str(caught.value).isprintable()
    assert fetch(run.home, "select * from raw.files") == [], "something was written before the refusal"


def test_a_good_record_behind_many_bad_ones_is_found(run: Run, write: Write) -> None:
    assert ingest_all(run, write("a.jsonl", "{oops\n" * 3_000 + lines_of("one"))).rows == 1


def test_a_folder_without_a_conversation_is_refused(run: Run, write: Write) -> None:
    write("a.jsonl", '{"text": "hello"}\n')
    folder = write("b.csv", "").parent
    with pytest.raises(
        InputError, match=r"nothing readable in 2 files; the first, .*a\.jsonl: .* unknown_schema"
    ):
        ingest_all(run, folder)
    assert fetch(run.home, "select * from raw.files") == []


def test_a_missing_source_is_refused_before_anything_is_read(run: Run, write: Write) -> None:
    with pytest.raises(InputError, match="no such file"):
        ingest_all(run, write("a.jsonl", lines_of("one")), "absent.jsonl")
    assert prompts_of(run) == []
