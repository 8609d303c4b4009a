"""Lists of public questions, in all formats at once."""

import json
import logging
from pathlib import Path

import pytest

from tasks.clean.normalise import prompt_ids
from tasks.errors import InputError
from tasks.screen.references import REFERENCES, read_references

TEXTS = [
    "How tall is a giraffe at birth?",
    "Prove that 2 is even.",
    "Name three rivers of Spain.",
    "Sing a song.",
]


def lines(path: Path, *rows: object) -> str:
    path.write_text("\n".join(row if isinstance(row, str) else json.dumps(row) for row in rows))
    return str(path)


def test_formats_old_and_new_are_read(tmp_path: Path) -> None:
    one = lines(tmp_path / "new.jsonl", {"uid": "a", "category": "c", "cluster": "k", "prompt": TEXTS[0]})
    two = lines(
        tmp_path / "old.jsonl",
        {"question_id": 81, "category": "c", "turns": [TEXTS[1], "And 3?"]},
        {"question_id": "82", "cluster": "k", "turns": [{"content": TEXTS[2]}]},
        {"instruction": TEXTS[3], "output": "la"},
    )
    found = read_references([one, two])
    assert found.schema == REFERENCES
    assert sorted(found.select("reference", "reference_id", "text").rows()) == [
        (one, "a", TEXTS[0]),
        (two, "3", TEXTS[3]),
        (two, "81", TEXTS[1]),
        (two, "82", TEXTS[2]),
    ]
    assert found["text_id"].to_list() == prompt_ids(found["text"]).to_list()


def test_a_folder_is_all_of_its_lists_and_a_text_is_there_once_a_list(tmp_path: Path) -> None:
    row = {"uid": "b", "prompt": TEXTS[0]}
    lines(tmp_path / "x.jsonl", row, {"uid": "a", "prompt": f" {TEXTS[0]} "})
    lines(tmp_path / "y.jsonl", row)
    found = read_references([str(tmp_path), str(tmp_path / "x.jsonl")])
    assert [row[1] for row in found.rows()] == ["a", "b"]


def test_no_lists_are_no_references() -> None:
    assert read_references([]).rows() == []


@pytest.mark.parametrize(
    ("content", "fault"), [("", "it is empty"), ('{"x": 1}\nnot json', "record 1 is unknown_schema")]
)
def test_a_list_without_a_question_is_named(tmp_path: Path, content: str, fault: str) -> None:
    path = lines(tmp_path / "bad.jsonl", content)
    with pytest.raises(InputError, match=rf"screen\.references: .*bad\.jsonl: no readable question: {fault}"):
        read_references([path])


def test_a_broken_question_is_a_warning_without_its_text(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = lines(tmp_path / "q.jsonl", {"uid": "a", "prompt": TEXTS[0]}, '{"uid": "b", "prompt": "secret')
    with caplog.at_level(logging.WARNING):
        assert read_references([path]).height == 1
    assert "1 questions cannot be read; the first: record 2 is bad_json" in caplog.text
    assert "secret" not in caplog.text
