"""Rows of a file on their way to the warehouse."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from operator import attrgetter

import polars as pl

from tasks.ingest.records import Broken, Record
from tasks.ingest.schemas import Conversation, RecordError, to_conversation

_CONVERSATIONS: dict[str, type[pl.DataType] | pl.DataType] = {
    "position": pl.Int64,
    "schema": pl.String,
    "source_id": pl.String,
    "prompt": pl.String,
    "turn_count": pl.Int32,
    "asked_at": pl.Datetime("us"),
    "asker": pl.String,
    "language": pl.String,
    "is_toxic": pl.Boolean,
    "has_image": pl.Boolean,
}
_REJECTS = {"position": pl.Int64, "reason": pl.String, "detail": pl.String}
_values = attrgetter(*list(_CONVERSATIONS)[1:])
MAX_CHARS = 32_000_000  # rows are written earlier where prompts are long


def convert(item: Record | Broken) -> tuple[int, Conversation] | Broken:
    """A record as a conversation, with its position, or why it is none."""
    if isinstance(item, Broken):
        return item
    try:
        return item.position, to_conversation(item.value)
    except RecordError as error:
        return Broken(item.position, error.reason, str(error))


@dataclass
class Batch:
    """Rows that are written together, as the tables have them."""

    conversations: list[tuple[object, ...]] = field(default_factory=list)
    rejects: list[tuple[int, str, str]] = field(default_factory=list)
    chars: int = 0

    @property
    def rows(self) -> int:
        """Conversations and rejects."""
        return len(self.conversations) + len(self.rejects)

    def add(self, item: tuple[int, Conversation] | Broken) -> None:
        """Take in a record."""
        if isinstance(item, Broken):
            self.rejects.append((item.position, item.reason, item.detail))
        else:
            position, conversation = item
            self.conversations.append((position, *_values(conversation)))
            self.chars += len(conversation.prompt)

    def tables(self) -> dict[str, pl.DataFrame]:
        """The rows by table; tables without any are left out."""
        tables = {
            "conversations": pl.DataFrame(self.conversations, schema=_CONVERSATIONS, orient="row"),
            "rejects": pl.DataFrame(self.rejects, schema=_REJECTS, orient="row"),
        }
        return {name: table for name, table in tables.items() if table.height}


def batches(items: Iterable[Record | Broken], max_rows: int) -> Iterator[Batch]:
    """Cut records into batches of at most `max_rows` rows, and less where prompts are long."""
    batch = Batch()
    for item in map(convert, items):
        batch.add(item)
        if batch.rows >= max_rows or batch.chars >= MAX_CHARS:
            yield batch
            batch = Batch()
    if batch.rows:
        yield batch
