"""What a home says of the run that holds it, in a file: nobody else may open the warehouse meanwhile."""

from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

import orjson

NOTE = "run.json"


@dataclass(frozen=True)
class Note:
    """A run that has not recorded its end; `started_at` is UTC, without a zone."""

    run_id: str
    flow: str
    started_at: datetime

    def to_bytes(self) -> bytes:
        """The content of the file."""
        return orjson.dumps(asdict(self))


def read_note(home: str) -> Note | None:
    """The note that a run left when it began; none if the last run recorded its end."""
    try:
        facts = orjson.loads((Path(home) / NOTE).read_bytes())
    except FileNotFoundError:
        return None
    return Note(facts["run_id"], facts["flow"], datetime.fromisoformat(facts["started_at"]))
