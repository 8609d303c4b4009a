"""Prompts that were labelled with the seven criteria, to calibrate an annotator against."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import polars as pl

from tasks.annotate.answer import criteria_from
from tasks.annotate.criteria import CRITERIA
from tasks.errors import InputError
from tasks.ingest.readers import read_records
from tasks.ingest.records import Broken, Record

_MAX_RECORD_BYTES: Final = 16_000_000
# Where Chatbot Arena's 140k set keeps them.
_ARENA: Final = ("category_tag", "criteria_v0.1")
_LABELLED: Final = {"prompt": pl.String, **{criterion.value: pl.Boolean for criterion in CRITERIA}}
_REJECTS: Final = {"position": pl.Int64, "reason": pl.String}


@dataclass(frozen=True)
class Labels:
    """Labelled prompts, and the records that are none. Together they are all of the file's.

    `labelled` has `prompt` and seven booleans, in the file's order. `rejects` has `position` (the line, from
    1) and `reason`: `no_prompt`, `no_labels`, `bad_labels`, or the reader's for a bad record (`bad_json`).
    """

    labelled: pl.DataFrame
    rejects: pl.DataFrame


def read_labels(path: str) -> Labels:
    """Read a file of labelled prompts: JSONL, or whatever else ingest reads.

    A record has a `prompt`, and its labels as `criteria` (seven booleans by name, or a list of the numbers or
    names of those that hold) or as `category_tag` of Chatbot Arena's 140k set.

    Raises:
        InputError: the file can't be read, or no record of it is labelled.
    """
    rows: list[tuple[object, ...]] = []
    rejects: list[tuple[int, str]] = []
    for item in _records(path):
        row = item.reason if isinstance(item, Broken) else _row(item.value)
        if isinstance(row, str):
            rejects.append((item.position, row))
        else:
            rows.append(row)
    if not rows:
        raise InputError(_nothing(path, rejects))
    return Labels(
        pl.DataFrame(rows, schema=_LABELLED, orient="row"),
        pl.DataFrame(rejects, schema=_REJECTS, orient="row"),
    )


def _records(path: str) -> list[Record | Broken]:
    try:
        with Path(path).open("rb") as file:
            return list(read_records(file, _MAX_RECORD_BYTES))
    except OSError as error:
        raise InputError(f"can't read labels from {path}: {error.strerror}") from None


def _row(record: dict[str, Any]) -> tuple[object, ...] | str:
    """The prompt and its seven labels, or why there is no such row."""
    prompt = record.get("prompt")
    if not isinstance(prompt, str) or not prompt.strip():
        return "no_prompt"
    labels = record.get("criteria")
    if labels is None:
        tags = record.get(_ARENA[0])
        labels = tags.get(_ARENA[1]) if isinstance(tags, dict) else None
    if labels is None:
        return "no_labels"
    criteria = criteria_from(labels) if isinstance(labels, list) else _by_name(labels)
    return (prompt, *criteria) if criteria is not None else "bad_labels"


def _by_name(labels: object) -> tuple[bool, ...] | None:
    if not isinstance(labels, dict) or set(labels) != set(CRITERIA):
        return None
    values = tuple(labels[criterion] for criterion in CRITERIA)
    return values if all(isinstance(value, bool) for value in values) else None


def _nothing(path: str, rejects: list[tuple[int, str]]) -> str:
    first = f"; record {rejects[0][0]} is {rejects[0][1]}" if rejects else ""
    return (
        f"no labelled prompt in {path}: {len(rejects)} records rejected{first}; "
        'each needs a prompt and its labels, as {"prompt": "…", "criteria": [1, 4]}'
    )
