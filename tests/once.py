"""What the workers of a run of pytest share: things made once, and turns taken."""

import fcntl
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def held(path: Path) -> Iterator[None]:
    """Hold a lock file, which one process at a time does."""
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def once(folder: Path, make: Callable[[Path], object]) -> Path:
    """A folder that the first process to ask for it fills, while the others wait.

    Args:
        folder: in a place that all workers know, such as the fixture `shared`.
        make: fills the folder, which is there and empty.
    """
    done = folder.with_name(f"{folder.name}.done")
    with held(folder.with_name(f"{folder.name}.lock")):
        if not done.exists():
            shutil.rmtree(folder, ignore_errors=True)  # who began it failed
            folder.mkdir()
            make(folder)
            done.touch()
    return folder
