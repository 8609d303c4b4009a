"""Public test sets as lists of texts, read as sources are: `question.jsonl` of any age, and other schemas."""

import logging
from collections.abc import Iterable

import polars as pl

from tasks.clean.normalise import prompt_ids
from tasks.errors import InputError
from tasks.ingest.readers import read_records
from tasks.ingest.records import Broken
from tasks.ingest.schemas import RecordError, to_conversation
from tasks.ingest.sources import SourceFile, find

logger = logging.getLogger(__name__)

_MAX_RECORD_BYTES = 16_000_000
REFERENCES = {"reference": pl.String, "reference_id": pl.String, "text_id": pl.String, "text": pl.String}


def read_references(sources: Iterable[str]) -> pl.DataFrame:
    """Read all lists.

    Args:
        sources: files, globs, folders or prefixes, on any fsspec URL.

    Returns:
        `reference` (the file), `reference_id` (the question's own id, else its position), `text_id` (the
        identity that a prompt of this text has) and `text` (the first turn); the same text once a file.

    Raises:
        InputError: nothing there, or a file without a readable question.
        SourceError: a source failed.
    """
    files = {file.url: file for source in sources for file in find(source)}
    return pl.concat([pl.DataFrame(schema=REFERENCES), *(_read(files[url]) for url in sorted(files))])


def _read(file: SourceFile) -> pl.DataFrame:
    rows: list[tuple[str, str, str]] = []
    faults: list[str] = []
    with file.open() as raw:
        for item in read_records(raw, _MAX_RECORD_BYTES):
            if isinstance(item, Broken):
                faults.append(f"record {item.position} is {item.reason}")
                continue
            try:
                question = to_conversation(item.value)
            except RecordError as error:
                faults.append(f"record {item.position} is {error.reason}")
            else:
                rows.append((file.url, question.source_id or str(item.position), question.prompt))
    if not rows:
        first = faults[0] if faults else "it is empty"
        raise InputError(f"screen.references: {file.url}: no readable question: {first}")
    if faults:
        logger.warning("%s: %d questions cannot be read; the first: %s", file.url, len(faults), faults[0])
    frame = pl.DataFrame(rows, schema=["reference", "reference_id", "text"], orient="row")
    frame = frame.with_columns(prompt_ids(frame["text"]).alias("text_id")).select(REFERENCES.keys())
    return frame.sort("text_id", "reference_id").unique("text_id", keep="first", maintain_order=True)
