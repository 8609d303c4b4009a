"""Where conversations come from: a file, a glob, a folder or a prefix, on any fsspec URL."""

import hashlib
import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import IO, Any, cast

import aiohttp
from botocore import exceptions as botocore
from fsspec.core import url_to_fs

from tasks.errors import InputError
from tasks.ingest.records import SourceError

ENDINGS = (".jsonl", ".ndjson", ".json", ".csv", ".parquet")
COMPRESSIONS = ("", ".gz", ".zst")
_BLOCK = 1 << 20
# User and password, and the query, which may be a signature.
_SECRET = re.compile(r"(?<=://)[^/\s]*@|(?<=\?).*", re.DOTALL)


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One file to read. `named` is true where the user named it, false where a folder or glob held it.

    `url` is for logs and manifests. What opens the file, and may be secret, is `fs` and `path`.
    """

    url: str
    size: int
    version: str
    named: bool
    fs: Any = field(repr=False)
    path: str = field(repr=False)

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
        with _access(self.url):
            return io.BufferedReader(_Watched(self.fs.open(self.path, "rb"), self.url), _BLOCK)


class _Watched(io.RawIOBase):
    """A file whose own failures can be told from the faults of what it holds."""

    def __init__(self, file: IO[bytes], url: str) -> None:
        self._file = file
        self._url = url

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return self._file.seekable()

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        try:
            data = self._file.read(len(buffer))
        except Exception as error:
            message = f"{self._url}: reading broke off: {_first_line(error)}; run again to go on"
            raise SourceError(message) from None
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        self._file.close()
        super().close()


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
    with _access(source):
        files = _list(source)
    if not files:
        endings = ", ".join(ENDINGS)
        raise InputError(
            f"{_public(source)}: nothing readable there; files must end in {endings}, or one of these with "
            ".gz or .zst"
        )
    return files


@contextmanager
def _access(source: str) -> Iterator[None]:
    """Say in one line why a source can't be got at: for good, or only now, as far as is known.

    The causes are cut off, since tracebacks would tell the URLs that their messages quote.
    """
    url = _public(source)
    try:
        yield
    except (FileNotFoundError, NotADirectoryError):
        raise InputError(f"{url}: no such file, folder or bucket") from None
    except (ValueError, ImportError) as error:
        raise InputError(f"{url}: cannot be listed: {_first_line(error)}") from None
    except Exception as error:
        if not _is_refusal(error):
            message = f"{url}: the source failed: {_first_line(error)}; run again to go on"
            raise SourceError(message) from None
        hint = (
            "; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE, and AWS_ENDPOINT_URL for a "
            "server that is not Amazon's"
        )
        is_s3 = source.startswith(("s3://", "s3a://"))
        raise InputError(f"{url}: access failed ({_first_line(error)}){hint if is_s3 else ''}") from None


def _is_refusal(error: Exception) -> bool:
    """Whether credentials or rights are missing or wrong; another try would not help."""
    if isinstance(error, botocore.ClientError):  # of the credentials' own server; s3fs translates those of S3
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
    else:
        status = getattr(error, "status", None)
    # botocore's own errors are about the set-up, but for those of its HTTP client.
    is_network = isinstance(error, botocore.HTTPClientError | botocore.ConnectionError)
    is_setup = isinstance(error, PermissionError | botocore.BotoCoreError) and not is_network
    return is_setup or status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)


def _list(source: str) -> list[SourceFile]:
    fs, path = url_to_fs(source)
    fs.invalidate_cache()  # listings are kept as long as the process lives; files may have come or changed
    info = _info(fs, path)
    if info and info["type"] == "file":
        return [_describe(fs, path, info, named=True)]
    if info:
        inside = fs.find(path, detail=True).items()
        found = {p: i for p, i in inside if _is_readable(p) and not _is_hidden(p.removeprefix(path))}
    elif any(sign in path for sign in "*?["):
        globbed = fs.glob(path, detail=True).items()
        found = {p: i for p, i in globbed if i["type"] == "file" and (_is_hidden(path) or not _is_hidden(p))}
    else:
        raise FileNotFoundError(source)
    return [_describe(fs, p, info, named=False) for p, info in sorted(found.items())]


def _info(fs: Any, path: str) -> dict[str, Any] | None:  # noqa: ANN401  (fsspec is untyped)
    try:
        return cast(dict[str, Any], fs.info(path))
    except FileNotFoundError as error:
        # fsspec takes whatever goes wrong with HTTP for a missing file.
        cause = error.__cause__
        is_missing = getattr(cause, "status", None) in (HTTPStatus.NOT_FOUND, HTTPStatus.GONE)
        if isinstance(cause, aiohttp.ClientError | TimeoutError) and not is_missing:
            raise cause from None
        return None


def _is_readable(path: str) -> bool:
    return path.lower().endswith(tuple(end + pack for end in ENDINGS for pack in COMPRESSIONS))


def _is_hidden(path: str) -> bool:
    return any(part.startswith(".") for part in path.split("/"))


def _describe(fs: Any, path: str, info: dict[str, Any], *, named: bool) -> SourceFile:  # noqa: ANN401
    is_local = "file" in fs.protocol
    url = path if is_local else _public(fs.unstrip_protocol(path))
    tags = () if is_local else (info.get("ETag"), info.get("etag"), info.get("mtime"))
    version = next((str(tag).strip('"') for tag in tags if tag), None) or _sha256(fs, path)
    return SourceFile(url, int(info.get("size") or 0), version, named, fs, path)


def _sha256(fs: Any, path: str) -> str:  # noqa: ANN401
    digest = hashlib.sha256()
    with fs.open(path, "rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


def _digest(*parts: object) -> str:
    return hashlib.sha256("\n".join(map(str, parts)).encode(errors="surrogateescape")).hexdigest()[:8]


def _public(source: str) -> str:
    """A URL without user, password and query; a path as it is."""
    return _SECRET.sub("", source) if "://" in source else source


def _first_line(error: Exception) -> str:
    return _SECRET.sub("", (str(error) or type(error).__name__).splitlines()[0])
