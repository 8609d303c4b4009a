"""What reading a file gives: records, and records that can't be read."""

from dataclasses import dataclass
from typing import Any

from tasks.errors import EvergreenError


@dataclass(frozen=True, slots=True)
class Record:
    """A record and where it stands: the line of JSONL, else its number, from 1."""

    position: int
    value: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Broken:
    """A record that can't be read; `reason` is an id, `detail` says what the parser said."""

    position: int
    reason: str
    detail: str


class SourceError(EvergreenError, OSError):
    """The source itself failed (network, disk): as an OSError it is worth another try."""
