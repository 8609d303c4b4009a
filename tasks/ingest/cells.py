"""Single values of records, which sources write in many ways.

The functions raise ValueError, TypeError and their like at what they can't read.
"""

import ast
import math
from datetime import UTC, datetime
from typing import Any

import orjson

_MAX_TURNS = 1_000_000
_MAX_SECONDS = 100_000_000_000  # the year 5138; a larger number counts milliseconds or less


def nested(value: Any) -> Any:  # noqa: ANN401
    """A nested value; CSV holds it as JSON or as Python's repr."""
    if not isinstance(value, str) or value.lstrip()[:1] not in ("[", "{"):
        return value
    try:
        return orjson.loads(value)
    except orjson.JSONDecodeError:
        return ast.literal_eval(value)


def turn_count(value: Any) -> int:  # noqa: ANN401
    """How many user turns a record says it has."""
    count = int(value)
    if not 0 < count < _MAX_TURNS:
        raise ValueError("not a number of turns")
    return count


def text_or_none(value: object) -> str | None:
    """A name or id as text; what is empty is None."""
    return None if value is None or value == "" else str(value)


def time_or_none(value: object) -> datetime | None:
    """Seconds, milliseconds or less since 1970, ISO 8601 or a datetime, as naive UTC; NaN is no time."""
    if value is None or value == "":
        return None
    if isinstance(value, str):
        value = _parse_time(value)
    if isinstance(value, int | float):
        return None if math.isnan(value) else _from_epoch(value)
    if not isinstance(value, datetime):
        raise TypeError("not a time")
    return value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value


def _parse_time(text: str) -> float | datetime:
    try:
        return float(text)
    except ValueError:
        return datetime.fromisoformat(text)


def _from_epoch(value: float) -> datetime:
    while _MAX_SECONDS < abs(value) < math.inf:
        value /= 1_000
    return datetime.fromtimestamp(value, UTC).replace(tzinfo=None)


def is_flagged(tag: object) -> bool:
    """Whether a source's moderation tag (a flag, a result, or results by turn or model) says toxic."""
    match tag:
        case bool():
            return tag
        case str():
            return tag.strip().lower() in ("true", "1")
        case dict():
            return is_flagged(tag["flagged"]) if "flagged" in tag else any(map(is_flagged, tag.values()))
        case list():
            return any(map(is_flagged, tag))
        case _:
            return False
