"""The home of a test set: its folders, its lock, and files that are never seen half-written."""

import fcntl
import logging
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import IO

from tasks.errors import InputError

logger = logging.getLogger(__name__)


def open_home(home: str) -> Path:
    """Make the folder of a home, or find it, and see that it can be written to.

    Raises:
        InputError: a URL, a file, or a folder without the right to write.
    """
    if "://" in home:
        raise InputError(
            f"--home {home}: the warehouse needs a local folder; sources may be URLs, a home may not"
        )
    path = Path(home)
    try:
        path.mkdir(parents=True, exist_ok=True)
        probe = path / f".probe-{os.getpid()}"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise InputError(f"--home {home}: cannot be written to: {error.strerror}") from error
    return path


@contextmanager
def hold_home(home: str, wait_seconds: float) -> Iterator[None]:
    """Keep other runs out of a home while the block runs; the kernel lets go if the process is killed.

    Raises:
        InputError: another run has held it for `wait_seconds`, or its `.lock` cannot be written to.
    """
    deadline = time.monotonic() + wait_seconds
    with _open_lock(home) as lock:
        for attempt in count():
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError as error:
                if time.monotonic() >= deadline:
                    raise InputError(
                        f"--home {home}: another run has held it for {wait_seconds:g} s; "
                        "start again when it is done, or use another home"
                    ) from error
                if attempt == 0:
                    logger.info("%s: another run holds it; waiting up to %g s", home, wait_seconds)
                time.sleep(0.2)
        yield


def is_held(home: str) -> bool:
    """Whether a run holds a home now. To ask takes the lock for an instant, and waits for nobody."""
    try:
        with (Path(home) / ".lock").open() as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except FileNotFoundError:
        return False
    return False


def _open_lock(home: str) -> IO[str]:
    path = open_home(home) / ".lock"
    try:
        return path.open("w")
    except OSError as error:
        raise InputError(f"--home {home}: {path.name} cannot be written to: {error.strerror}") from error


def write_atomic(path: Path, content: bytes) -> None:
    """Write a file beside its place, flush it to disk, and rename it into place."""
    path.parent.mkdir(parents=True, exist_ok=True)
    building = path.with_name(f".{path.name}.building")
    with building.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    building.replace(path)
