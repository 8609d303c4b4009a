"""The journal: every paid answer on disk before it counts.

Append-only JSON lines, one a call, in a file a run: `<home>/journal/<stage>/<run id>.jsonl`. A line is
written and flushed to disk together with all others that arrive in the meantime, so that hundreds a second
are possible, and whoever appends goes on only when its line is on the disk. A process that is killed can
leave half a line at the end of its file: it is passed over.
"""

import asyncio
import logging
import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import fields
from pathlib import Path
from typing import Any, Self

import orjson

from tasks.errors import InputError
from tasks.llm.call import Call

logger = logging.getLogger(__name__)

_NEEDED = frozenset({"call_id", "key", "outcome"})
_EMPTY: dict[Any, object] = {str: "", int: 0, float: 0.0}
# What stands for a field that a line of an older version lacks.
_DEFAULTS = {field.name: _EMPTY.get(field.type, "") for field in fields(Call)} | {"asked_at": "1970-01-01"}
_READ_BYTES = 1 << 24


def journal_folder(home: str) -> Path:
    """Where the journals of a home are."""
    return Path(home) / "journal"


def journal_path(home: str, stage: str, run_id: str) -> Path:
    """The journal of a run's stage."""
    return journal_folder(home) / stage / f"{run_id}.jsonl"


class Journal:
    """A journal that is open for appending, on one event loop."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._waiting: list[tuple[bytes, asyncio.Future[None]]] = []
        self._arrived = asyncio.Event()
        self._is_closing = False

    async def __aenter__(self) -> Self:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._file = self._path.open("ab")
            if _ends_torn(self._path):
                self._file.write(b"\n")
            _flush_folder(self._path.parent)
        except OSError as error:
            raise InputError(f"{self._path}: answers cannot be kept there: {error.strerror}") from error
        self._writer = asyncio.create_task(self._write())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._is_closing = True
        self._arrived.set()
        await self._writer
        with suppress(OSError):  # whoever appended what is lost was told so
            self._file.close()

    async def append(self, call: Call) -> None:
        """Keep a call; returns when it is on the disk.

        Raises:
            OSError: it could not be written, say on a full disk.
        """
        done = asyncio.get_running_loop().create_future()
        self._waiting.append((orjson.dumps(call) + b"\n", done))
        self._arrived.set()
        await asyncio.shield(done)

    async def _write(self) -> None:
        while self._waiting or not self._is_closing:
            await self._arrived.wait()
            self._arrived.clear()
            group, self._waiting = self._waiting, []
            try:
                await asyncio.to_thread(self._flush, b"".join(line for line, _ in group))
            except Exception as error:  # whatever it is, nobody may wait for ever
                if isinstance(error, OSError):
                    error.filename = str(self._path)  # a write names no file
                for _, done in group:
                    done.set_exception(error)
            else:
                for _, done in group:
                    done.set_result(None)

    def _flush(self, lines: bytes) -> None:
        self._file.write(lines)
        self._file.flush()
        os.fsync(self._file.fileno())


def read_journal(path: Path, start: int = 0) -> Iterator[tuple[dict[str, Any], int]]:
    """The calls of a journal, from a byte on, each with the place of the byte behind it; see `read_lines`."""
    return ((call, end) for call, end in read_lines(path, start) if call)


def read_lines(path: Path, start: int = 0) -> Iterator[tuple[dict[str, Any] | None, int]]:
    """The lines of a journal, from a byte on: the call, and the place of the byte behind it.

    Lines of another version count: fields that it had not are empty, those that only it has are left out. A
    line that is no call is None, with a warning in the end. Half a line at the end may still be being written
    and is left for later.
    """
    bad = 0
    with path.open("rb", buffering=_READ_BYTES) as file:
        file.seek(start)
        end = start
        for line in file:
            if not line.endswith(b"\n"):
                break
            end += len(line)
            call = _parse(line)
            bad += call is None
            yield call, end
    if bad:
        logger.warning("%s: %d lines are no calls and were passed over", path, bad)


def _parse(line: bytes) -> dict[str, Any] | None:
    try:
        call = orjson.loads(line)
    except orjson.JSONDecodeError:
        return None
    if not isinstance(call, dict) or not call.keys() >= _NEEDED:
        return None
    return {name: call.get(name, default) for name, default in _DEFAULTS.items()}


def _ends_torn(path: Path) -> bool:
    """Whether a killed process left half a line: what comes next must not be glued to it."""
    with path.open("rb") as file:
        if file.seek(0, os.SEEK_END) == 0:
            return False
        file.seek(-1, os.SEEK_END)
        return file.read(1) != b"\n"


def _flush_folder(folder: Path) -> None:
    """Make a new file's name as durable as its bytes."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
