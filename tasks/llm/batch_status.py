"""A batch as the API shows it, without a word of the server's own."""

import re
from dataclasses import dataclass
from typing import Any

_CODE = re.compile(r"[a-z][a-z0-9_]{0,63}")
_ENDS = ("completed_at", "expired_at", "cancelled_at", "failed_at")

# Our mark on a batch: by it a batch is found whose id was never written down.
SHARD = "evergreen_shard"
STAGE = "evergreen_stage"


@dataclass(frozen=True)
class Batch:
    """What is used of a batch.

    Attributes:
        shard: the id of the shard that was submitted; empty for the batches of others.
        seconds: from its creation to its end, by the server's clock; 0 before that.
        errors: codes of what its validation found.
    """

    id: str
    status: str
    shard: str
    output_file: str
    error_file: str
    created_at: float
    seconds: float
    total: int
    done: int
    errors: tuple[str, ...]

    @property
    def has_ended(self) -> bool:
        """Whether nothing more will come."""
        return self.status in {"completed", "failed", "expired", "cancelled"}


def read_batch(row: dict[str, Any]) -> Batch:
    """The batch in an object of the API."""
    counts = row.get("request_counts") or {}
    errors = (row.get("errors") or {}).get("data") or []
    ends = [float(row[name]) for name in _ENDS if row.get(name)]
    created = float(row.get("created_at") or 0)
    return Batch(
        id=str(row["id"]),
        status=str(row["status"]),
        shard=str((row.get("metadata") or {}).get(SHARD) or ""),
        output_file=str(row.get("output_file_id") or ""),
        error_file=str(row.get("error_file_id") or ""),
        created_at=created,
        seconds=max(0.0, ends[0] - created) if ends else 0.0,
        total=int(counts.get("total") or 0),
        done=int(counts.get("completed") or 0) + int(counts.get("failed") or 0),
        errors=tuple(sorted({clean_code(error.get("code")) for error in errors})),
    )


def clean_code(code: object) -> str:
    """An error's code if it looks like one: other text could be anything."""
    return code if isinstance(code, str) and _CODE.fullmatch(code) else "unknown"
