"""What answers have around what they say: fences, JSON, and words that decline."""

import json
import re
from typing import Final

# Matched at the start only, and nothing in it repeats without a limit: linear time on any text.
_DECLINE_CHARS: Final = 300
_APOLOGY: Final = (
    r"(?:(?:i am|i'm) (?:so |very |really )?sorry|sorry|unfortunately|my apologies|i apologi[sz]e)"
)
_DECLINES: Final = re.compile(
    rf"{_APOLOGY}[.!]?$"
    rf"|(?:{_APOLOGY}[,.;:!]? ?)?(?:but )?(?:as an? [a-z ]{{1,30}}, )?"
    r"(?:i (?:must |have to )?(?:decline|refuse)\b"
    r"|(?:i (?:can't|cannot|can not|won't|will not|am unable to|am not able to)|i'm (?:unable|not able) to)"
    r"(?:[.!]?$| (?:help(?! but)|assist|comply|engage|participate|continue|process|provide|do that)\b))"
)


def declines(answer: str) -> bool:
    """Whether an answer says at its start that it won't or can't do as asked, and has no list anywhere."""
    start = " ".join(answer[:_DECLINE_CHARS].lower().replace("’", "'").split())  # noqa: RUF001
    return "[" not in answer and _DECLINES.match(start) is not None


def bare_lines(answer: str) -> list[str]:
    """The stripped lines of an answer, without blank ones and the marks of code fences."""
    lines = (line.strip() for line in answer.removeprefix("\ufeff").splitlines())
    bare = (line.strip("`").removeprefix("json") if line.startswith("```") else line for line in lines)
    return [stripped for line in bare if (stripped := line.strip())]


def parse_json(text: str) -> object:
    """The value of a JSON text, or None. An object is a tuple of pairs, so that a key may come twice."""
    try:
        return json.loads(text, strict=False, object_pairs_hook=tuple)
    except (ValueError, RecursionError):
        return None
