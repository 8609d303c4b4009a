"""A text as a chat request: what counts into its key, and its tokens."""

from dataclasses import dataclass
from typing import Any

import pytest

from tasks.llm import tokens
from tasks.llm.call import request_key
from tasks.llm.endpoint import Endpoint
from tasks.llm.requests import chat_body, chat_request, count_tokens
from tests.tasks.llm.asking import PLAIN, Plain

ENDPOINT = Endpoint(name="e", model="gpt-4o-mini")
BODY = chat_body(PLAIN, ENDPOINT, "why?")


def test_the_same_question_has_the_same_key_whatever_the_order_of_its_fields() -> None:
    assert request_key("m", BODY) == request_key("m", dict(reversed(BODY.items())))
    assert len(request_key("m", BODY)) == 32


@dataclass(frozen=True)
class Reworded(Plain):
    def body(self, text: str) -> dict[str, Any]:
        return {**super().body(text), "messages": [{"role": "system", "content": "!"}]}


@pytest.mark.parametrize(
    "other",
    [
        ("m2", BODY),
        ("m", chat_body(PLAIN, ENDPOINT, "why? ")),
        ("m", chat_body(Plain(max_tokens=51), ENDPOINT, "why?")),
        ("m", chat_body(Reworded(), ENDPOINT, "why?")),
        ("m", chat_body(PLAIN, ENDPOINT.model_copy(update={"parameters": {"seed": 1}}), "why?")),
        ("m", chat_body(PLAIN, ENDPOINT.model_copy(update={"parameters": {"max_tokens": None}}), "why?")),
    ],
)
def test_another_model_wording_or_parameter_is_another_question(other: tuple[str, dict[str, Any]]) -> None:
    assert request_key(*other) != request_key("m", BODY)


def test_who_serves_the_model_and_how_fast_is_the_same_question() -> None:
    moved = ENDPOINT.model_copy(
        update={"base_url": "http://localhost:1/v1", "concurrency": 1, "mode": "batch"}
    )
    assert chat_body(PLAIN, moved, "why?") == BODY


@pytest.mark.parametrize("text", ["", "why?", "a longer question, " * 200, "日本語 \U0001f600 <|endoftext|>"])
def test_tokens_are_those_of_the_whole_conversation(text: str) -> None:
    messages = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": text}]
    assert count_tokens({"messages": messages}, "gpt-4o-mini") == tokens.count_messages(
        messages, "gpt-4o-mini"
    )


def test_a_request_knows_its_key_its_tokens_and_its_round() -> None:
    request = chat_request("k", BODY, ENDPOINT, PLAIN, 2)
    assert (request.key, request.body, request.round) == ("k", BODY, 2)
    assert request.input_tokens == tokens.count_messages(BODY["messages"], "gpt-4o-mini")
    assert request.output_tokens == PLAIN.max_tokens
