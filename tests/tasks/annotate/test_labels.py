"""Labelled prompts: every record is a row or a reject."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from tasks.annotate.criteria import CRITERIA
from tasks.annotate.labels import Labels, read_labels
from tasks.errors import InputError

NAMED = dict.fromkeys(CRITERIA, False) | {"creativity": True, "real_world": True}
HELD = (False, False, False, False, True, False, True)


def read(folder: Path, *records: Any) -> Labels:
    path = folder / "labels.jsonl"
    lines = [record if isinstance(record, str) else json.dumps(record) for record in records]
    path.write_text("\n".join(lines), encoding="utf-8")
    return read_labels(str(path))


@pytest.mark.parametrize(
    "labels",
    [
        {"criteria": NAMED},
        {"criteria": dict(reversed(NAMED.items()))},
        {"criteria": [5, 7]},
        {"criteria": [7, 5]},
        {"criteria": ["creativity", "real_world"]},
        {"category_tag": {"criteria_v0.1": NAMED, "math_v0.1": {"math": True}}, "language": "de"},
    ],
)
def test_labels_are_read_in_each_form(tmp_path: Path, labels: dict[str, Any]) -> None:
    found = read(tmp_path, {"prompt": "write a limerick", **labels})
    assert found.labelled.columns == ["prompt", *CRITERIA]
    assert found.labelled.rows() == [("write a limerick", *HELD)]
    assert found.rejects.is_empty()


def test_an_empty_list_is_a_score_of_0(tmp_path: Path) -> None:
    assert read(tmp_path, {"prompt": "hello", "criteria": []}).labelled.rows() == [("hello", *[False] * 7)]


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        ("{", "bad_json"),
        ("[1]", "bad_json"),
        ({"criteria": [1]}, "no_prompt"),
        ({"prompt": " \n", "criteria": [1]}, "no_prompt"),
        ({"prompt": ["a"], "criteria": [1]}, "no_prompt"),
        ({"prompt": "a"}, "no_labels"),
        ({"prompt": "a", "criteria": None}, "no_labels"),
        ({"prompt": "a", "category_tag": "x"}, "no_labels"),
        ({"prompt": "a", "category_tag": {"math_v0.1": {"math": True}}}, "no_labels"),
        ({"prompt": "a", "criteria": [8]}, "bad_labels"),
        ({"prompt": "a", "criteria": [True]}, "bad_labels"),
        ({"prompt": "a", "criteria": 3}, "bad_labels"),
        ({"prompt": "a", "criteria": {"creativity": True}}, "bad_labels"),
        ({"prompt": "a", "criteria": {**NAMED, "length": True}}, "bad_labels"),
        ({"prompt": "a", "criteria": {**NAMED, "creativity": None}}, "bad_labels"),
        ({"prompt": "a", "criteria": {**NAMED, "creativity": 1}}, "bad_labels"),
        ({"prompt": "a", "criteria": {**NAMED, "creativity": "yes"}}, "bad_labels"),
    ],
)
def test_what_is_no_labelled_prompt_is_rejected_with_a_reason(
    tmp_path: Path, record: Any, reason: str
) -> None:
    good = {"prompt": "a", "criteria": [1]}
    found = read(tmp_path, good, record, good)
    assert found.labelled.height == 2
    assert found.rejects.rows() == [(2, reason)]


def test_other_files_that_ingest_reads_will_do(tmp_path: Path) -> None:
    path = tmp_path / "labels.json.gz"
    path.write_bytes(gzip.compress(json.dumps([{"prompt": "a", "criteria": [5, 7]}]).encode()))
    assert read_labels(str(path)).labelled.rows() == [("a", *HELD)]


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    for path in (tmp_path / "absent.jsonl", tmp_path):
        with pytest.raises(InputError, match=str(path)):
            read_labels(str(path))


def test_a_file_without_labels_says_what_is_wrong_but_not_what_it_holds(tmp_path: Path) -> None:
    with pytest.raises(InputError) as refused:
        read(tmp_path, {"prompt": "my secret"}, {"prompt": "another"})
    message = str(refused.value)
    assert "labels.jsonl" in message
    assert "2 records rejected" in message
    assert "record 1 is no_labels" in message
    assert "secret" not in message
    with pytest.raises(InputError, match="0 records"):
        read(tmp_path)


@pytest.mark.parametrize(("name", "rows"), [("arena140k_criteria", 52), ("category_hard_blog_examples", 10)])
def test_published_labels_are_read_whole(real_data: Path, name: str, rows: int) -> None:
    found = read_labels(str(real_data / "criteria" / f"{name}.jsonl"))
    assert (found.labelled.height, found.rejects.height) == (rows, 0)
    assert found.labelled.null_count().sum_horizontal().item() == 0


def test_published_scores_are_the_number_of_labels(real_data: Path) -> None:
    path = real_data / "criteria" / "category_hard_blog_examples.jsonl"
    scores = [json.loads(line)["score"] for line in path.read_text(encoding="utf-8").splitlines()]
    labelled = read_labels(str(path)).labelled
    assert labelled.select(CRITERIA).sum_horizontal().to_list() == scores
