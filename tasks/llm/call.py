"""What is asked of a model, what comes back, and what is kept of it."""

import hashlib
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import orjson
from numpy.typing import NDArray

from tasks.llm.outcome import Outcome

# How a body says how many tokens an answer may have; servers differ.
ANSWER_LIMITS = ("max_tokens", "max_completion_tokens")


@dataclass(frozen=True, slots=True)
class Request:
    """One thing to ask.

    Attributes:
        key: hash of the model and the body: the same key is never paid for twice.
        body: what the API gets, but for the model's name.
        input_tokens: counted before it is sent.
        output_tokens: the most that the answer may have.
        round: 2 where an answer that could not be used is asked for once more.
    """

    key: str
    body: dict[str, Any]
    input_tokens: int
    output_tokens: int
    round: int = 1


@dataclass(frozen=True, slots=True)
class Reply:
    """What a server said. `vectors`, of an embedding request, are float32 of shape (inputs, dimensions)."""

    text: str
    finish_reason: str
    refusal: str
    model: str
    input_tokens: int
    cached_tokens: int
    output_tokens: int
    vectors: NDArray[np.float32] | None = None


@dataclass(frozen=True, slots=True)
class Call:
    """One call as the journal keeps it: how it ended, with its raw text, its price and its time.

    Attributes:
        call_id: its own; a key may have several calls, of which the last one counts.
        round: 1, or 2 where an answer that could not be used was asked for once more.
        error: of an `error`, what kind, without a word of the server's.
        cached_tokens: those of `input_tokens` that cost less.
        attempts: HTTP requests made for it, in this round; of an item of a batch, 1.
        asked_at: when it ended, UTC, ISO 8601.
    """

    call_id: str
    key: str
    stage: str
    run_id: str
    endpoint: str
    model: str
    mode: str
    round: int
    outcome: Outcome
    text: str
    error: str
    input_tokens: int
    cached_tokens: int
    output_tokens: int
    usd: float
    latency_seconds: float
    attempts: int
    asked_at: str


class Template(Protocol):
    """How a text becomes a chat request, and how its answer is read."""

    @property
    def max_tokens(self) -> int:
        """The most tokens that an answer may have."""

    def body(self, text: str) -> dict[str, Any]:
        """What `/v1/chat/completions` gets, but for the model's name."""

    def read(self, answer: str) -> Outcome:
        """Whether an answer, which ended by itself and is not empty, can be used."""


def request_key(model: str, body: dict[str, Any]) -> str:
    """Hash of a model and all that it is asked, the wording of the rubric included: 32 hexadecimal digits."""
    return hashlib.sha256(orjson.dumps([model, body], option=orjson.OPT_SORT_KEYS)).hexdigest()[:32]
