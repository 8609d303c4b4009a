"""A whole release in memory, its files compared with its manifest."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from tasks.errors import EvergreenError
from tasks.release.bundle import sha256

MANIFEST = "manifest.json"
LATEST = "latest.json"


@dataclass(frozen=True)
class Bundle:
    """A release: its id, its manifest as written, and its other files by name."""

    release_id: str
    manifest: bytes
    files: dict[str, bytes]

    @property
    def facts(self) -> dict[str, Any]:
        """What the manifest says."""
        return dict(orjson.loads(self.manifest))

    @property
    def pointer(self) -> bytes:
        """`latest.json` for it."""
        latest = {"release_id": self.release_id, "manifest_sha256": sha256(self.manifest)}
        return orjson.dumps(latest, option=orjson.OPT_INDENT_2)


def read_folder(folder: Path) -> Bundle:
    """Read a release from a local folder, which has its name.

    Raises:
        EvergreenError: it is not all there, or not as its manifest says.
    """

    def read(name: str) -> bytes | None:
        path = folder / name
        return path.read_bytes() if path.is_file() else None

    return check(str(folder), folder.name, read(MANIFEST), read)


def check(where: str, release_id: str, manifest: bytes | None, read: Callable[[str], bytes | None]) -> Bundle:
    """Read the files of a release and compare each with its checksum in the manifest.

    Args:
        where: the release's place, for messages.
        release_id: what it must be called.
        manifest: its manifest; none if it is missing.
        read: gives a file of it by name, or none if it is missing.

    Raises:
        EvergreenError: something is missing, damaged, or another release's.
    """
    if manifest is None:
        raise EvergreenError(f"{where}: no release is there, or not all of one: it has no {MANIFEST}")
    files = {}
    for name, checksum in _checksums(where, release_id, manifest).items():
        content = read(name)
        if content is None or sha256(content) != checksum:
            fault = "missing, " if content is None else ""
            raise EvergreenError(f"{where}/{name}: {fault}not as its manifest says; move the release away")
        files[name] = content
    return Bundle(release_id, manifest, files)


def read_pointer(where: str, pointer: bytes) -> tuple[str, str]:
    """The release that `latest.json` names, and the checksum of its manifest.

    Raises:
        EvergreenError: it is damaged.
    """
    try:
        facts = orjson.loads(pointer)
        release_id, checksum = str(facts["release_id"]), str(facts["manifest_sha256"])
    except (orjson.JSONDecodeError, KeyError, TypeError):
        raise EvergreenError(f"{where}: damaged: it names no release") from None
    if not is_plain(release_id):
        raise EvergreenError(f"{where}: damaged: it names no release")
    return release_id, checksum


def is_plain(name: str) -> bool:
    """Whether it names a file or folder right here: nothing above, below or hidden."""
    return bool(name) and not name.startswith(".") and not set(name) & set("/\\")


def _checksums(where: str, release_id: str, manifest: bytes) -> dict[str, str]:
    """The checksum of each file, by the manifest."""
    try:
        facts = orjson.loads(manifest)
        name = facts["release_id"]
        checksums = {str(file): str(told["sha256"]) for file, told in facts["files"].items()}
    except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError):
        raise EvergreenError(f"{where}/{MANIFEST}: damaged; move the release away") from None
    if name != release_id or not all(map(is_plain, checksums)):
        raise EvergreenError(f"{where}/{MANIFEST}: not that of release {release_id}; move the release away")
    return checksums
