"""Files that were uploaded or that batches wrote, in memory."""

import time
from dataclasses import dataclass
from typing import Any

from tests.openai_server import errors
from tests.openai_server.errors import ApiError


@dataclass(frozen=True, slots=True)
class File:
    """A file and its content."""

    id: str
    name: str
    purpose: str
    content: bytes
    created_at: int

    def view(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "object": "file",
            "bytes": len(self.content),
            "created_at": self.created_at,
            "filename": self.name,
            "purpose": self.purpose,
            "status": "processed",
            "status_details": None,
            "expires_at": None,
        }


class Files:
    """All files of a server, by id."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._by_id: dict[str, File] = {}
        self._made = 0

    def add(self, name: str, purpose: str, content: bytes) -> File:
        if len(content) > self._max_bytes:
            raise ApiError(400, f"The file is larger than {self._max_bytes} bytes.", param="file")
        self._made += 1
        file = File(f"file-{self._made:024x}", name, purpose, content, int(time.time()))
        self._by_id[file.id] = file
        return file

    def get(self, name: str) -> File:
        if name not in self._by_id:
            raise errors.not_found("such File object", name)
        return self._by_id[name]

    def remove(self, name: str) -> dict[str, Any]:
        self.get(name)
        del self._by_id[name]
        return {"id": name, "object": "file", "deleted": True}

    def newest_first(self) -> list[dict[str, Any]]:
        return [file.view() for file in reversed(self._by_id.values())]


def page(rows: list[dict[str, Any]], after: str | None, limit: int) -> dict[str, Any]:
    """A page of a list, from the row after the one with that id on."""
    names = [row["id"] for row in rows]
    if after is not None and after not in names:
        raise errors.not_found("object", after)
    start = names.index(after) + 1 if after is not None else 0
    shown = rows[start : start + limit]
    return {
        "object": "list",
        "data": shown,
        "first_id": shown[0]["id"] if shown else None,
        "last_id": shown[-1]["id"] if shown else None,
        "has_more": start + limit < len(rows),
    }
