"""What is new in a live source, and what is better left for the next time."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from fsspec.core import url_to_fs

from tasks.errors import InputError
from tasks.ingest.access import access
from tasks.ingest.partitions import Infos, list_folder, list_glob, period_of
from tasks.ingest.sources import SourceFile, describe, is_readable, look_up
from tasks.urls import public

# Names that programs give to what is not finished: hidden ones, Spark's `_temporary/`, and these endings.
_UNFINISHED = re.compile(
    r"(^|/)[._]|\.(tmp|temp|part|partial|filepart|crdownload|inprogress)$|~$", re.IGNORECASE
)


@dataclass(frozen=True)
class Listing:
    """The files of a source, by URL; `unsettled` are others that may still be written to.

    `newest_at` (UTC) is when the last of the files was written; `newest_partition` the last day that a folder
    of theirs is named for.
    """

    files: list[SourceFile]
    unsettled: int
    newest_at: datetime | None
    newest_partition: date | None


def earliest_partition(
    checked_at: datetime | None, newest_partition: date | None, late_days: int
) -> date | None:
    """The first day whose partition may hold something new; None: any may, or there are no partitions.

    Args:
        checked_at: when the source was last read without a failure (UTC).
        newest_partition: the last that was seen until then: a source may lag, and a name may be wrong.
        late_days: how many days late an object may come.
    """
    if checked_at is None or newest_partition is None:
        return None
    return min(checked_at.date(), newest_partition) - timedelta(days=late_days)


def find_live(source: str, earliest: date | None, settled_before: datetime) -> Listing:
    """List what a live source holds in partitions from `earliest` on, or in all of them.

    Args:
        source: a file, glob, folder or prefix on any fsspec URL.
        earliest: the first day to list; None for all.
        settled_before: of folders, files written to after this (UTC) are left out; objects are always whole.

    Raises:
        InputError: nothing there, no credentials, no such bucket, or the one file named may still be
            written to; nothing readable is no error.
        SourceError: the source failed.
    """
    with access(source):
        fs, path = url_to_fs(source)
        fs.invalidate_cache()  # listings are kept as long as the process lives
        infos, is_named = _list(fs, path, earliest)
        settled = {p: info for p, info in infos.items() if not _is_fresh(info, settled_before)}
        files = [describe(fs, p, info, named=is_named) for p, info in sorted(settled.items())]
    if is_named and not files:
        raise InputError(
            f"{public(source)}: was written to just now, so that it may not be whole: run again when it is "
            "older than refresh.settle_seconds, or set that to 0 (EVERGREEN_REFRESH__SETTLE_SECONDS)"
        )
    written = [time for info in settled.values() if (time := _written_at(info))]
    periods = {period_of(folder) for folder in {p.rpartition("/")[0] for p in settled}}
    days = [date(*period) for period in periods if len(period) == 3]
    return Listing(files, len(infos) - len(settled), max(written, default=None), max(days, default=None))


def _list(fs: Any, path: str, earliest: date | None) -> tuple[Infos, bool]:  # noqa: ANN401
    """What there is to read, and whether it was named."""
    info = look_up(fs, path)
    if info and info["type"] == "file":
        return {path: info}, True
    if info:
        found = list_folder(fs, path, earliest) if earliest else fs.find(path, detail=True)
        root = path
    elif any(sign in path for sign in "*?["):
        is_flat = "**" in path  # any depth
        found = list_glob(fs, path, earliest) if earliest and not is_flat else fs.glob(path, detail=True)
        root = re.split(r"[*?\[]", path)[0].rpartition("/")[0]
    else:
        raise FileNotFoundError(path)
    is_wanted = is_readable if info else lambda _: True
    return {
        p: i
        for p, i in found.items()
        if i["type"] == "file" and is_wanted(p) and not _UNFINISHED.search(p.removeprefix(root).lstrip("/"))
    }, False


def _is_fresh(info: dict[str, Any], settled_before: datetime) -> bool:
    """Whether a file may still be being written; `mtime` is what folders have, and object stores have not."""
    return "mtime" in info and (_written_at(info) or settled_before) > settled_before


def _written_at(info: dict[str, Any]) -> datetime | None:
    """When a file was written (UTC, without a zone), if its file system says so."""
    time = next((info[name] for name in ("LastModified", "last_modified", "mtime") if info.get(name)), None)
    if isinstance(time, int | float):
        time = datetime.fromtimestamp(time, UTC)
    if not isinstance(time, datetime):
        return None
    return time.astimezone(UTC).replace(tzinfo=None) if time.tzinfo else time
