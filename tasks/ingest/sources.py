"""Where conversations come from: a file, a glob, a folder or a prefix, on any fsspec URL."""

import hashlib
from dataclasses import dataclass
from typing import IO, Any

import fsspec
from botocore.exceptions import BotoCoreError, ClientError
from fsspec.core import url_to_fs

from tasks.errors import InputError

ENDINGS = (".jsonl", ".ndjson", ".json", ".csv", ".parquet")
COMPRESSIONS = ("", ".gz", ".zst")
_BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One file to read. `named` is true where the user named it, false where a folder or glob held it."""

    url: str
    size: int
    version: str
    named: bool

    @property
    def file_id(self) -> str:
        """Identity of these bytes at this place: 16 hex digits."""
        key = f"{self.url}\n{self.size}\n{self.version}"
        return hashlib.sha256(key.encode()).hexdigest()[:16]

    def open(self) -> IO[bytes]:
        """Open the file's raw bytes."""
        file: IO[bytes] = fsspec.open(self.url, "rb").open()
        return file


def find(source: str) -> list[SourceFile]:
    """List the files of a source, sorted by URL.

    A folder or prefix gives the files whose ending is known; a named file or a glob gives what it names.

    Raises:
        InputError: nothing there, nothing readable, no credentials, or no such bucket.
    """
    try:
        files = _list(source)
    except FileNotFoundError as error:
        raise InputError(f"{source}: no such file, folder or bucket") from error
    except (BotoCoreError, ClientError, PermissionError) as error:
        raise InputError(
            f"{source}: access failed ({_first_line(error)}); set AWS_ACCESS_KEY_ID and "
            "AWS_SECRET_ACCESS_KEY, or AWS_PROFILE, and AWS_ENDPOINT_URL for a server that is not Amazon's"
        ) from error
    except (OSError, ValueError, ImportError) as error:
        raise InputError(f"{source}: cannot be listed: {_first_line(error)}") from error
    if not files:
        raise InputError(
            f"{source}: nothing readable there; files must end in {', '.join(ENDINGS)}, or one of these with "
            ".gz or .zst"
        )
    return files


def _list(source: str) -> list[SourceFile]:
    fs, path = url_to_fs(source)
    if any(sign in path for sign in "*?["):
        paths, named = [p for p in fs.glob(path) if not fs.isdir(p)], False
    elif fs.isfile(path):
        paths, named = [path], True
    elif fs.exists(path):
        paths, named = [p for p in fs.find(path) if _is_readable(p)], False
    else:
        raise FileNotFoundError(source)
    return [_describe(fs, p, named) for p in sorted(paths)]


def _is_readable(path: str) -> bool:
    return path.lower().endswith(tuple(end + pack for end in ENDINGS for pack in COMPRESSIONS))


def _describe(fs: Any, path: str, named: bool) -> SourceFile:  # noqa: ANN401  (fsspec is untyped)
    info = fs.info(path)
    is_local = "file" in fs.protocol
    url = path if is_local else fs.unstrip_protocol(path)
    version = _sha256(fs, path) if is_local else str(info.get("ETag") or info.get("mtime") or _sha256(fs, path))
    return SourceFile(url, int(info["size"]), version.strip('"'), named)


def _sha256(fs: Any, path: str) -> str:  # noqa: ANN401
    digest = hashlib.sha256()
    with fs.open(path, "rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


def _first_line(error: Exception) -> str:
    return (str(error) or type(error).__name__).splitlines()[0]
