"""Weekly batches of real prompts: battles by their time stamps, prompts without one by a seeded rule."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from pathlib import Path
from typing import Any

Row = dict[str, Any]
WEEK = timedelta(days=7)
# Of the prompts without a date, this share is in the first week: what a service has when it begins.
HISTORY = 0.5
_BATTLE = ("question_id", "model_a", "model_b", "winner", "judge", "turn", "language", "tstamp", "turns")
_FIRST_DAY = datetime(2023, 4, 24, tzinfo=UTC)  # if no battle has a date


@dataclass(frozen=True)
class Message:
    """A record of a log, and when it was written (UTC)."""

    at: datetime
    row: Row

    @property
    def is_prompt(self) -> bool:
        """Whether it is a conversation of one turn; what others began with is no prompt of a test set."""
        return len(self.row.get("turns", "1")) == 1 and self.row.get("meta", {}).get("n_turns", 1) == 1

    @property
    def text(self) -> str:
        """The prompt in it."""
        return str(self.row["turns"][0] if "turns" in self.row else self.row["prompt"])


def read_traffic(data: Path, weeks: int, seed: int) -> tuple[datetime, list[list[Message]]]:
    """The Monday that it all begins with, and the messages of each week; the last has all that is left.

    Args:
        data: the folder with `prompts/fastchat_battles.jsonl` and `prompts/arena_prompts.jsonl`.
        weeks: how many.
        seed: of the rule that deals out what has no date.
    """
    battles = read_lines(data / "prompts/fastchat_battles.jsonl")
    stamps = [float(row["tstamp"]) for row in battles if row.get("tstamp")]
    first = datetime.fromtimestamp(min(stamps), UTC) if stamps else _FIRST_DAY
    start = (first - timedelta(days=first.weekday())).replace(hour=0, minute=0, second=0, microsecond=0)
    batches: list[list[Message]] = [[] for _ in range(weeks)]
    undated = [row for row in battles if not row.get("tstamp")]
    for row in battles:
        if row.get("tstamp"):
            at = datetime.fromtimestamp(float(row["tstamp"]), UTC)
            batches[min((at - start) // WEEK, weeks - 1)].append(battle(row, at))
    for row in undated + read_lines(data / "prompts/arena_prompts.jsonl"):
        number, at = _deal(row, start, weeks, seed)
        dated = battle(row, at) if "turns" in row else Message(at, {**row, "asked_at": at.isoformat()})
        batches[number].append(dated)
    return start, batches


def battle(row: Row, at: datetime) -> Message:
    """A battle as a log has it, without what others made of it later."""
    return Message(at, {name: row[name] for name in _BATTLE if name in row} | {"tstamp": at.timestamp()})


def read_lines(path: Path) -> list[Row]:
    """The rows of a JSONL file."""
    return [json.loads(line) for line in path.read_bytes().splitlines()]


def draw(*what: object) -> float:
    """A number from 0 up to 1 that depends on its arguments alone."""
    text = "\n".join(map(str, what))
    return int.from_bytes(blake2b(text.encode(errors="replace"), digest_size=6).digest()) / 2**48


def _deal(row: Row, start: datetime, weeks: int, seed: int) -> tuple[int, datetime]:
    identity = row.get("id") or row.get("question_id") or json.dumps(row, sort_keys=True)
    place = draw(seed, "week", identity)
    number = 0 if place < HISTORY or weeks == 1 else 1 + int((place - HISTORY) / (1 - HISTORY) * (weeks - 1))
    return number, start + WEEK * (number + draw(seed, "moment", identity))
