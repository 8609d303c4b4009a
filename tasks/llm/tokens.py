"""Tokens of texts, as OpenAI's models count them; no download, no network.

What looks like a special token (`<|endoftext|>`) is text like any other. A lone surrogate, which no server
can be sent, counts as U+FFFD. Counting holds the interpreter's lock: threads do not make it faster.
"""

import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Protocol

# The models before GPT-4o. A fine-tuned one is named `ft:…`; some servers put an owner before the name.
CL100K = re.compile(r"(ft:)?(.*/)?(gpt-3\.5|gpt-35|gpt-4($|[-:])|text-embedding-(3|ada))", re.IGNORECASE)

# OpenAI's rule for chat: three tokens frame each message, one its author's name, three begin the answer.
PER_MESSAGE = 3
PER_NAME = 1
PER_REPLY = 3


class Tokenizer(Protocol):
    """What is used of bpe-openai's compiled tokenizer."""

    def count(self, text: str, /) -> int: ...  # noqa: D102
    def encode(self, text: str, /) -> list[int]: ...  # noqa: D102
    def decode(self, tokens: list[int], /) -> str: ...  # noqa: D102


def count(texts: Sequence[str], model: str) -> list[int]:
    """Tokens of each text.

    Args:
        texts: any number of texts of any length.
        model: the model's name; one that is not OpenAI's is counted with o200k_base, an approximation.
    """
    tokenizer = _tokenizer(model)
    return [_count(tokenizer, text) for text in texts]


def cut(text: str, model: str, tokens: int) -> str:
    """The longest beginning of a text that is whole tokens and whole characters.

    Args:
        text: a text of any length.
        model: the model's name, as for `count`.
        tokens: the most tokens that the result has when it is counted again.
    """
    tokenizer = _tokenizer(model)
    text = _encodable(text)
    ids = tokenizer.encode(text)
    if len(ids) <= tokens:
        return text
    for kept in range(tokens, 0, -1):
        try:
            beginning = tokenizer.decode(ids[:kept])
        except ValueError:  # the last token ends inside a character
            continue
        # Words are split before tokens are made, and a cut may move where.
        if tokenizer.count(beginning) <= tokens:
            return beginning
    return ""


def count_messages(messages: Sequence[Mapping[str, str]], model: str) -> int:
    """Tokens of the input of one chat call: the fields of its messages, and what frames them."""
    fields = [value for message in messages for value in message.values()]
    names = sum("name" in message for message in messages)
    return sum(count(fields, model)) + PER_MESSAGE * len(messages) + PER_NAME * names + PER_REPLY


def _count(tokenizer: Tokenizer, text: str) -> int:
    try:
        return tokenizer.count(text)
    except UnicodeEncodeError:
        return tokenizer.count(_encodable(text))


def _encodable(text: str) -> str:
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _tokenizer(model: str) -> Tokenizer:
    return _load("cl100k_base" if CL100K.match(model) else "o200k_base")


@cache
def _load(encoding: str) -> Tokenizer:
    # The package reads all its vocabularies when it is imported, for a second: only what counts should wait.
    # Its public interface raises on texts of a million characters or 200,000 tokens.
    from bpe_openai._bindings import tokenizer_for_encoding  # type: ignore[import-untyped]  # noqa: PLC0415

    tokenizer: Tokenizer = tokenizer_for_encoding(encoding)
    return tokenizer
