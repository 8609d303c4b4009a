"""The files of a release, as bytes: pure functions of the chosen prompts."""

import hashlib
import io

import orjson
import polars as pl

QUESTION_COLUMNS = ["uid", "category", "cluster", "prompt"]


def question_lines(questions: pl.DataFrame) -> bytes:
    """`question.jsonl` in arena-hard-auto's format: `uid`, `category`, `cluster`, `prompt`."""
    return _json_lines(questions.select(QUESTION_COLUMNS))


def parquet(questions: pl.DataFrame) -> bytes:
    """`questions.parquet`: the questions with scores, criteria, topic path and the date first seen."""
    buffer = io.BytesIO()
    questions.write_parquet(buffer, compression="zstd")
    return buffer.getvalue()


def content_hash(questions: pl.DataFrame) -> str:
    """Hash of all that the questions say, free of how a file format writes it: 64 hex digits."""
    return hashlib.sha256(_json_lines(questions)).hexdigest()


def sha256(content: bytes) -> str:
    """Checksum of a file, 64 hex digits."""
    return hashlib.sha256(content).hexdigest()


def _json_lines(frame: pl.DataFrame) -> bytes:
    return b"".join(
        orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE) for row in frame.iter_rows(named=True)
    )
