"""Get a release from where it was published, and trust no byte of it unchecked."""

import fcntl
import logging
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tasks.errors import EvergreenError, InputError
from tasks.publish.bundle import LATEST, MANIFEST, Bundle, check, is_plain, read_folder, read_pointer
from tasks.publish.target import Target
from tasks.release.bundle import sha256

logger = logging.getLogger(__name__)


def pull(url: str, release_id: str, folder: Path) -> Path:
    """Put a release into a folder of releases; one that is there already stays as it is.

    Args:
        url: where releases are published to, as `publish.target` has it.
        release_id: which one; empty: the latest.
        folder: where to put `<release>/`; it is made if need be.

    Returns:
        The release's folder.

    Raises:
        InputError: nothing there of that name, no access, or the folder can't be written to.
        EvergreenError: something is missing or damaged, there or here. Nothing is left behind.
    """
    target = Target(url)
    release_id, manifest = _find(target, release_id)
    place = folder / release_id
    with _held(folder):
        if place.exists():
            _require_same(place, manifest)
            logger.info("%s: there already", place)
            return place
        where = f"{target.url}/{release_id}"
        bundle = check(where, release_id, manifest, lambda name: target.read(f"{release_id}/{name}"))
        _store(place, bundle)
    return place


def _find(target: Target, release_id: str) -> tuple[str, bytes]:
    """The id of the release asked for, and its manifest: the one that the pointer means, if it names it."""
    if release_id and not is_plain(release_id):
        raise InputError(f"--release {release_id}: not the id of a release")
    pointer = target.read(LATEST)
    if pointer is None and not release_id:
        raise InputError(f"{target.url}: no {LATEST} there: nothing was published to it, or the URL is wrong")
    latest, checksum = ("", "") if pointer is None else read_pointer(f"{target.url}/{LATEST}", pointer)
    asked = release_id or latest
    manifest = target.read(f"{asked}/{MANIFEST}")
    if manifest is None:
        if asked == latest:
            raise EvergreenError(f"{target.url}/{LATEST}: names {latest}, which is gone; publish it again")
        raise InputError(f"{target.url}: no release {asked} there")
    if asked == latest and sha256(manifest) != checksum:
        raise EvergreenError(f"{target.url}/{asked}/{MANIFEST}: not the one that {LATEST} means")
    return asked, manifest


def _require_same(place: Path, manifest: bytes) -> None:
    try:
        is_same = read_folder(place).manifest == manifest
    except EvergreenError:
        is_same = False
    if not is_same:
        raise EvergreenError(f"{place}: there already, but not as published; move it away, or use --to")


@contextmanager
def _held(folder: Path) -> Iterator[None]:
    """Keep others from pulling into a folder; the lock is on the folder, so that no file of ours is left."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(folder, os.O_RDONLY)
    except OSError as error:
        raise InputError(f"--to {folder}: cannot be written to: {error.strerror}") from error
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _store(place: Path, bundle: Bundle) -> None:
    """Write a release beside its place, and rename it into place."""
    building = place.with_name(f".{place.name}.pulling")
    shutil.rmtree(building, ignore_errors=True)  # of a pull that was killed
    try:
        building.mkdir()
        for name, content in {**bundle.files, MANIFEST: bundle.manifest}.items():
            with (building / name).open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
        building.rename(place)
    except OSError as error:
        raise InputError(f"--to {place.parent}: cannot be written to: {error.strerror}") from error
    finally:
        shutil.rmtree(building, ignore_errors=True)
