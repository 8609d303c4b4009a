"""The record schemas of public conversation sets, recognised by their columns.

A schema says which columns mark it and how one of its records becomes a `Conversation`. The first that fits
wins, so the list goes from the most to the least particular.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from tasks.ingest.cells import is_flagged, nested, text_or_none, time_or_none, turn_count

Row = Mapping[str, Any]
# What converting anything but what a schema promises may raise, a cell nested too deeply included.
_WRONG = (
    TypeError,
    ValueError,
    LookupError,
    AttributeError,
    SyntaxError,
    ArithmeticError,
    RecursionError,
    MemoryError,
)


class RecordError(Exception):
    """A record without a usable conversation; `reason` is the id it is counted under."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Conversation:
    """What Evergreen needs of a conversation. `prompt` is the first user turn; times are UTC, naive."""

    schema: str
    source_id: str | None
    prompt: str
    turn_count: int
    asked_at: datetime | None = None
    asker: str | None = None
    language: str | None = None
    is_toxic: bool = False
    has_image: bool = False


@dataclass(frozen=True, slots=True)
class Schema:
    """A schema is recognised by `columns`, all of which it has."""

    name: str
    columns: frozenset[str]
    convert: Callable[[str, Row], Conversation]


def to_conversation(row: Row) -> Conversation:
    """Convert a record of any known schema.

    Raises:
        RecordError: `unknown_schema`, `wrong_type` or `no_user_text`.
    """
    schema = recognise(frozenset(row))
    if schema is None:
        # No other name: without a header row, or with data for keys, names are the users' text.
        known = ", ".join(sorted(_MARKS & set(row))) or "none"
        raise RecordError("unknown_schema", f"{len(row)} columns, of which known: {known}")
    try:
        conversation = schema.convert(schema.name, row)
    except _WRONG as error:
        raise RecordError("wrong_type", f"{schema.name}: {_explain(error)}") from error
    texts = (conversation.prompt, conversation.source_id, conversation.asker, conversation.language)
    if any(_has_half_pair(text) for text in texts if text and not text.isascii()):
        raise RecordError("bad_encoding", f"{schema.name}: half a surrogate pair")
    return conversation


def _explain(error: Exception) -> str:
    """What a converter stumbled on; the message of a ValueError would quote the user's text."""
    return (
        f"{type(error).__name__}: {error}"
        if isinstance(error, TypeError | KeyError)
        else type(error).__name__
    )


def _has_half_pair(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False


@lru_cache(maxsize=1024)
def recognise(columns: frozenset[str]) -> Schema | None:
    """The schema whose columns are all there, or None."""
    return next((schema for schema in SCHEMAS if schema.columns <= columns), None)


def _battle(schema: str, row: Row) -> Conversation:
    """Chatbot Arena 33k, and the 100k and 140k sets, which have `timestamp` and content in parts."""
    texts, has_image = _user_turns(nested(row["conversation_a"]))
    tags = (row.get("toxic_chat_tag"), row.get("openai_moderation"))
    return Conversation(
        schema,
        text_or_none(row.get("question_id", row.get("id"))),
        _first(texts, has_image),
        len(texts),
        time_or_none(row.get("tstamp", row.get("timestamp"))),
        text_or_none(row.get("judge")),
        text_or_none(row.get("language")),
        any(is_flagged(nested(tag)) for tag in tags),
        has_image,
    )


def _preference(schema: str, row: Row) -> Conversation:
    """Arena preference 55k: `prompt` is a JSON list of user turns in a string."""
    texts = _texts(nested(row["prompt"]))
    return Conversation(schema, text_or_none(row["id"]), _first(texts), len(texts))


def _chat(schema: str, row: Row) -> Conversation:
    """LMSYS-Chat-1M and WildChat: one conversation with one model."""
    texts, has_image = _user_turns(nested(row["conversation"]))
    flags = (row.get("toxic"), row.get("openai_moderation"))
    return Conversation(
        schema,
        text_or_none(row.get("conversation_id", row.get("conversation_hash"))),
        _first(texts, has_image),
        len(texts),
        time_or_none(row.get("timestamp")),
        text_or_none(row.get("hashed_ip")),
        text_or_none(row.get("language")),
        any(is_flagged(nested(flag)) for flag in flags),
        has_image,
    )


def _turns(schema: str, row: Row) -> Conversation:
    """User turns as a list of texts (battles of FastChat, MT-Bench) or of objects (old Arena-Hard)."""
    texts = _texts([turn["content"] if isinstance(turn, dict) else turn for turn in nested(row["turns"])])
    return Conversation(
        schema,
        text_or_none(row["question_id"]),
        _first(texts),
        len(texts),
        time_or_none(row.get("tstamp")),
        text_or_none(row.get("judge")),
        text_or_none(row.get("language")),
        is_flagged(nested(row.get("openai_moderation"))),
    )


def _sharegpt(schema: str, row: Row) -> Conversation:
    """ShareGPT: turns of `human` and `gpt`."""
    turns = nested(row["conversations"])
    texts = _texts([turn["value"] for turn in turns if turn["from"] in ("human", "user")])
    return Conversation(schema, text_or_none(row.get("id")), _first(texts), len(texts))


def _question(schema: str, row: Row) -> Conversation:
    """A question of Arena-Hard v0.1 or v2.0."""
    return Conversation(schema, text_or_none(row["uid"]), _first(_texts([row["prompt"]])), 1)


def _instruction(schema: str, row: Row) -> Conversation:
    """A question of AlpacaEval."""
    return Conversation(schema, text_or_none(row.get("idx")), _first(_texts([row["instruction"]])), 1)


def _plain(schema: str, row: Row) -> Conversation:
    """A prompt and, where they are known, its time, language and number of turns (also under `meta`)."""
    meta = nested(row.get("meta")) or {}
    return Conversation(
        schema,
        text_or_none(row.get("id")),
        _first(_texts([row["prompt"]])),
        turn_count(row.get("n_turns") or meta.get("n_turns") or 1),
        time_or_none(row.get("asked_at")),
        None,
        text_or_none(row.get("language") or meta.get("language")),
    )


SCHEMAS = (
    Schema("arena_battle", frozenset({"model_a", "model_b", "conversation_a"}), _battle),
    Schema("arena_preference", frozenset({"id", "prompt", "response_a", "response_b"}), _preference),
    Schema("lmsys_chat", frozenset({"conversation_id", "conversation"}), _chat),
    Schema("wildchat", frozenset({"conversation_hash", "conversation"}), _chat),
    Schema("sharegpt", frozenset({"conversations"}), _sharegpt),
    Schema("question_turns", frozenset({"question_id", "turns"}), _turns),
    Schema("arena_hard", frozenset({"uid", "prompt"}), _question),
    Schema("alpaca_eval", frozenset({"instruction"}), _instruction),
    Schema("plain", frozenset({"prompt"}), _plain),
)
_MARKS = frozenset[str]().union(*(schema.columns for schema in SCHEMAS))


def _user_turns(turns: list[Row]) -> tuple[list[str], bool]:
    texts, has_image = [], False
    for turn in turns:
        if turn["role"] == "user":
            text, image = _content(turn["content"])
            texts.append(text)
            has_image = has_image or image
    return texts, has_image


def _content(content: object) -> tuple[str, bool]:
    """Text of a message and whether it has an image; a message may be a list of typed parts."""
    if isinstance(content, str):
        return content, False
    if not isinstance(content, list):
        raise TypeError("content is neither text nor parts")
    texts = [part["text"] for part in content if part.get("type") == "text"]
    has_image = any(part.get("image") or part.get("type") not in ("text", None) for part in content)
    return "\n".join(_texts(texts)), has_image


def _texts(values: object) -> list[str]:
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise TypeError("text was expected")
    return values


def _first(texts: list[str], has_image: bool = False) -> str:
    """The first user turn; one that is only an image stays, to be rejected by the rule for images."""
    if not texts or not (texts[0].strip() or has_image):
        raise RecordError("no_user_text", "the first user turn is empty" if texts else "no user turn")
    return texts[0]
