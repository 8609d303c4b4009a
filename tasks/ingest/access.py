"""Getting at a source: errors in one line, for good or for now, and without what is secret in a URL."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import IO

from botocore import exceptions as botocore

from tasks.errors import InputError
from tasks.ingest.records import SourceError
from tasks.urls import public, without_secrets

_BLOCK = 1 << 20


def watched(file: IO[bytes], url: str) -> io.BufferedReader:
    """An open file of a source; reading it raises SourceError and nothing else."""
    return io.BufferedReader(_Watched(file, url), _BLOCK)


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


@contextmanager
def access(source: str) -> Iterator[None]:
    """Say in one line why a source can't be got at: for good, or only now, as far as is known.

    The causes are cut off, since tracebacks would tell the URLs that their messages quote.
    """
    url = public(source)
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


def _first_line(error: Exception) -> str:
    return without_secrets((str(error) or type(error).__name__).splitlines()[0])
