"""How asking for something can end. Failure is never a value: only an answer that is `ok` counts."""

from collections import Counter
from enum import StrEnum


class Outcome(StrEnum):
    """The six ways that a call can end."""

    OK = "ok"
    EMPTY = "empty"
    REFUSED = "refused"
    UNPARSABLE = "unparsable"
    TRUNCATED = "truncated"
    ERROR = "error"


def describe(outcomes: Counter[Outcome]) -> str:
    """How many calls ended in which way, the most frequent first."""
    counts = (f"{count:,} {outcome}" for outcome, count in outcomes.most_common())
    return ", ".join(counts) or "nothing answered"
