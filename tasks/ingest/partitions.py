"""Folders named for dates: those that are long past are not even listed.

Known are `dt=2026-11-20`, `2026-11-20` and `20261120`, with or without hours behind, and a year's, a month's
and a day's folder in each other, as `2026/11/20` or `year=2026/month=11/day=20`. What lies below a day is
part of it.
"""

import re
from datetime import date
from fnmatch import fnmatchcase
from typing import Any

Infos = dict[str, dict[str, Any]]
# Year, month and day, as far as folders have named them.
Period = tuple[int, ...]

_DAY = re.compile(r"(?:\w+=)?((?:19|20)\d\d)(-?)(\d\d)\2(\d\d)(?:[T_-].*)?")
_MONTH = re.compile(r"(?:\w+=)?((?:19|20)\d\d)-(\d\d)")
_YEAR = re.compile(r"(?:\w+=)?((?:19|20)\d\d)")
_PART = re.compile(r"(?:\w+=)?(\d{1,2})")
# Folders that are named for no date are looked into one by one only if they are few and near the top.
_MOST_FOLDERS = 50
_LEVELS = 2


def period_of(path: str) -> Period:
    """The date that the folders of a path are named for: empty, or a year, perhaps a month, perhaps a day."""
    period: Period = ()
    for name in path.split("/"):
        period = _below(period, name)
    return period


def is_past(period: Period, earliest: date) -> bool:
    """Whether all of a period lies before a day."""
    return period < (earliest.year, earliest.month, earliest.day)[: len(period)]


def list_folder(fs: Any, folder: str, earliest: date, levels: int = _LEVELS) -> Infos:  # noqa: ANN401
    """The files below a folder or prefix, but for those of partitions before a day.

    Where no folder is named for a date, that is one flat listing.
    """
    folder = folder.rstrip("/")
    above = period_of(folder)
    if len(above) == 3:
        return _files(fs.find(folder, detail=True))
    files, folders = _look_into(fs, folder)
    dated = {path for path in folders if _below(above, _name(path)) not in {above, ()}}
    plain = [path for path in folders if path not in dated]
    is_deep = levels == 0 or len(plain) > _MOST_FOLDERS
    if plain and is_deep and not dated:
        return _files(fs.find(folder, detail=True))
    for path in plain:
        files |= (
            _files(fs.find(path, detail=True)) if is_deep else list_folder(fs, path, earliest, levels - 1)
        )
    for path in dated:
        if not is_past(period_of(path), earliest):
            files |= list_folder(fs, path, earliest, levels)
    return files


def list_glob(fs: Any, pattern: str, earliest: date) -> Infos:  # noqa: ANN401
    """The files that a glob without `**` names, but for those of partitions before a day."""
    names = pattern.split("/")
    first = next(place for place, name in enumerate(names) if _is_magic(name))
    folders = ["/".join(names[:first]) or "/"]
    files: Infos = {}
    for place, name in enumerate(names[first:], start=first):
        inside = [_look_into(fs, folder) for folder in folders]
        is_last = place == len(names) - 1
        files = {
            path: info
            for found, _ in inside
            for path, info in found.items()
            if fnmatchcase(_name(path), name)
        }
        folders = [
            path
            for _, found in inside
            for path in found
            if not is_last and fnmatchcase(_name(path), name) and not is_past(period_of(path), earliest)
        ]
    return files


def _below(above: Period, name: str) -> Period:
    """The date of a folder with this name below one of that date; the same if the name says none."""
    if len(above) == 3:
        return above
    if day := _DAY.fullmatch(name):
        return _valid((int(day[1]), int(day[3]), int(day[4])), above)
    if month := _MONTH.fullmatch(name):
        return _valid((int(month[1]), int(month[2])), above)
    if year := _YEAR.fullmatch(name):
        return (int(year[1]),)
    if above and (part := _PART.fullmatch(name)):
        return _valid((*above, int(part[1])), above)
    return ()


def _valid(period: Period, otherwise: Period) -> Period:
    try:
        date(*(*period, 1, 1)[:3])
    except ValueError:
        return otherwise
    return period


def _look_into(fs: Any, folder: str) -> tuple[Infos, list[str]]:  # noqa: ANN401
    """The files and the folders in a folder."""
    inside = {info["name"].rstrip("/"): info for info in fs.ls(folder, detail=True)}
    folders = [path for path, info in inside.items() if info["type"] == "directory" and path != folder]
    return _files(inside), sorted(folders)


def _files(infos: Infos) -> Infos:
    return {path: info for path, info in infos.items() if info["type"] == "file"}


def _name(path: str) -> str:
    return path.rpartition("/")[2]


def _is_magic(name: str) -> bool:
    return any(sign in name for sign in "*?[")
