"""A place of published releases on any fsspec URL: `<release>/<file>`, and `latest.json` beside them."""

from collections.abc import Iterator
from contextlib import contextmanager

from botocore import exceptions as botocore
from fsspec.core import url_to_fs

from tasks.errors import EvergreenError, InputError
from tasks.publish.bundle import LATEST, MANIFEST, Bundle
from tasks.urls import public, without_secrets

_CREDENTIALS = (
    "; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE, and AWS_ENDPOINT_URL for a server "
    "that is not Amazon's"
)


class TargetError(EvergreenError, OSError):
    """The target failed (network, disk): as an OSError it is worth another try."""


class Target:
    """The place behind a URL; `url` is for logs, without what is secret in it."""

    def __init__(self, url: str) -> None:
        """Raises InputError for a URL that fsspec does not know."""
        self.url = public(url).rstrip("/")
        with self._reached():
            self._fs, root = url_to_fs(url)
            self._root = root.rstrip("/")
            self._fs.invalidate_cache()  # what it listed or read before may have changed

    def read(self, path: str) -> bytes | None:
        """The content of a file, or none if it is not there.

        Raises:
            InputError: no right to read, no credentials.
            TargetError: the target failed.
        """
        with self._reached():
            try:
                return bytes(self._fs.cat_file(f"{self._root}/{path}"))
            except FileNotFoundError:
                return None

    def write(self, path: str, content: bytes) -> None:
        """Write a file that nobody sees before it is whole, and read it back.

        Raises:
            InputError: no such bucket, no right to write, no credentials.
            TargetError: the target failed, or what came back differs. Such a file is taken away, but not
                the pointer: it may be one that another home has moved since.
        """
        place = f"{self._root}/{path}"
        with self._reached():
            self._put(place, content)
        if self.read(path) != content:
            if path != LATEST:
                with self._reached():
                    self._fs.rm_file(place)
            raise TargetError(f"{self.url}/{path}: what came back is not what was written; run again")

    def _put(self, place: str, content: bytes) -> None:
        if "s3" in self._fs.protocol:  # an object shows once it is whole
            self._fs.pipe_file(place, content)
            return
        folder, _, name = place.rpartition("/")
        unfinished = f"{folder}/.{name}.uploading"
        self._fs.makedirs(folder, exist_ok=True)
        self._fs.pipe_file(unfinished, content)
        self._fs.mv(unfinished, place)

    @contextmanager
    def _reached(self) -> Iterator[None]:
        """Say in one line why the target can't be got at; causes are cut off, for they may quote secrets."""
        try:
            yield
        except (FileNotFoundError, NotADirectoryError, FileExistsError):
            raise InputError(f"{self.url}: no such folder or bucket") from None
        except (botocore.HTTPClientError, botocore.ConnectionError) as error:
            raise self._failed(error) from None
        except (PermissionError, botocore.BotoCoreError, NotImplementedError) as error:
            hint = _CREDENTIALS if self.url.startswith(("s3://", "s3a://")) else ""
            raise InputError(f"{self.url}: access failed ({_first_line(error)}){hint}") from None
        except (ValueError, ImportError) as error:
            raise InputError(f"{self.url}: cannot be used: {_first_line(error)}") from None
        except Exception as error:
            raise self._failed(error) from None

    def _failed(self, error: Exception) -> TargetError:
        return TargetError(f"{self.url}: failed: {_first_line(error)}; run again to go on")


def push(target: Target, bundle: Bundle) -> list[str]:
    """Upload what a target lacks of a release: its files, then the manifest that makes it one.

    Returns:
        The names of what was uploaded.

    Raises:
        EvergreenError: another file is there under the same name; nothing was uploaded.
    """
    files = bundle.files | {MANIFEST: bundle.manifest}
    there = {name: target.read(f"{bundle.release_id}/{name}") for name in files}
    if different := [name for name in files if there[name] not in {None, files[name]}]:
        raise EvergreenError(
            f"{target.url}/{bundle.release_id}/{different[0]}: another file is there already, and releases "
            "never change: move it away, or publish to another target"
        )
    missing = [name for name in files if there[name] is None]
    for name in missing:
        target.write(f"{bundle.release_id}/{name}", files[name])
    return missing


def point(target: Target, bundle: Bundle) -> bool:
    """Make a release, which is there as a whole, the latest of a target.

    Returns:
        Whether it was not yet.
    """
    if target.read(LATEST) == bundle.pointer:
        return False
    target.write(LATEST, bundle.pointer)
    return True


def _first_line(error: Exception) -> str:
    return without_secrets((str(error) or type(error).__name__).splitlines()[0])
