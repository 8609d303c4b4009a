"""Where conversations come from: a file, a glob, a folder or a prefix, on any fsspec URL."""

import hashlib
import io
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Any, cast

import aiohttp
from fsspec.core import url_to_fs

from tasks.errors import InputError
from tasks.ingest.access import access, watched
from tasks.urls import public

ENDINGS = (".jsonl", ".ndjson", ".json", ".csv", ".parquet")
COMPRESSIONS = ("", ".gz", ".zst")
_BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One file to read. `named` is true where the user named it, false where a folder or glob held it.

    `url` is for logs and manifests. What opens the file, and may be secret, is `fs` and `path`. `mark` is
    what its listing says of its version.
    """

    url: str
    size: int
    version: str
    named: bool
    fs: Any = field(repr=False)
    path: str = field(repr=False)
    mark: tuple[object, ...] = field(default=(), repr=False, compare=False)

    @property
    def place(self) -> str:
        """Where the file is, host, archive and query included: 8 hex digits."""
        return _digest(*self._where)

    @property
    def file_id(self) -> str:
        """Identity of these bytes at this place: 16 hex digits, of which the first 8 are the place."""
        return self.place + _digest(*self._where, self.size, self.version)

    @property
    def _where(self) -> tuple[object, ...]:
        return self.url, self.path, sorted(self.fs.storage_options.items())

    def open(self) -> io.BufferedReader:
        """Open the file's raw bytes; reading them raises SourceError and nothing else.

        Raises:
            InputError: it is gone, or there is no right to read it.
            SourceError: the source failed.
        """
        with access(self.url):
            return watched(self.fs.open(self.path, "rb"), self.url)

    def is_as_listed(self) -> bool:
        """Whether it was neither written again nor removed since it was listed; a request.

        Raises:
            InputError: there is no right to look any more.
            SourceError: the source failed.
        """
        with access(self.url):
            self.fs.invalidate_cache()
            info = look_up(self.fs, self.path)
        return info is not None and _mark(info) == self.mark


def require_local(source: str) -> None:
    """Say at once that a local source is missing, before anything slow is started.

    Raises:
        InputError: `source` is a path, not a glob or URL, and nothing is there.
    """
    is_path = "://" not in source and "::" not in source
    if is_path and not any(sign in source for sign in "*?[") and not Path(source).expanduser().exists():
        raise InputError(f"{source}: no such file, folder or bucket")


def find(source: str) -> list[SourceFile]:
    """List the files of a source, sorted by URL.

    A folder or prefix gives the files whose ending is known, a named file or a glob what it names; hidden
    files are left out unless named.

    Raises:
        InputError: nothing there, nothing readable, no credentials, or no such bucket.
        SourceError: the source failed.
    """
    with access(source):
        files = _list(source)
    if not files:
        endings = ", ".join(ENDINGS)
        raise InputError(
            f"{public(source)}: nothing readable there; files must end in {endings}, or one of these with "
            ".gz or .zst"
        )
    return files


def _list(source: str) -> list[SourceFile]:
    fs, path = url_to_fs(source)
    fs.invalidate_cache()  # listings are kept as long as the process lives; files may have come or changed
    info = look_up(fs, path)
    if info and info["type"] == "file":
        return [describe(fs, path, info, named=True)]
    if info:
        inside = fs.find(path, detail=True).items()
        found = {p: i for p, i in inside if is_readable(p) and not _is_hidden(p.removeprefix(path))}
    elif any(sign in path for sign in "*?["):
        globbed = fs.glob(path, detail=True).items()
        found = {p: i for p, i in globbed if i["type"] == "file" and (_is_hidden(path) or not _is_hidden(p))}
    else:
        raise FileNotFoundError(source)
    return [describe(fs, p, info, named=False) for p, info in sorted(found.items())]


def look_up(fs: Any, path: str) -> dict[str, Any] | None:  # noqa: ANN401  (fsspec is untyped)
    """What a file system knows of a file or folder; None if nothing is there."""
    try:
        return cast(dict[str, Any], fs.info(path))
    except FileNotFoundError as error:
        # fsspec takes whatever goes wrong with HTTP for a missing file.
        cause = error.__cause__
        is_missing = getattr(cause, "status", None) in (HTTPStatus.NOT_FOUND, HTTPStatus.GONE)
        if isinstance(cause, aiohttp.ClientError | TimeoutError) and not is_missing:
            raise cause from None
        return None


def is_readable(path: str) -> bool:
    """Whether the ending of a name is one that can be read."""
    return path.lower().endswith(tuple(end + pack for end in ENDINGS for pack in COMPRESSIONS))


def _is_hidden(path: str) -> bool:
    return any(part.startswith(".") for part in path.split("/"))


def describe(fs: Any, path: str, info: dict[str, Any], *, named: bool) -> SourceFile:  # noqa: ANN401
    """A file as it is listed; a local one is read for its hash."""
    is_local = "file" in fs.protocol
    url = path if is_local else public(fs.unstrip_protocol(path))
    tags = () if is_local else (info.get("ETag"), info.get("etag"), info.get("mtime"))
    version = next((str(tag).strip('"') for tag in tags if tag), None) or _sha256(fs, path)
    return SourceFile(url, int(info.get("size") or 0), version, named, fs, path, _mark(info))


def _mark(info: dict[str, Any]) -> tuple[object, ...]:
    return tuple(info.get(name) for name in ("size", "ETag", "etag", "mtime"))


def _sha256(fs: Any, path: str) -> str:  # noqa: ANN401
    digest = hashlib.sha256()
    with fs.open(path, "rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


def _digest(*parts: object) -> str:
    return hashlib.sha256("\n".join(map(str, parts)).encode(errors="surrogateescape")).hexdigest()[:8]
