"""A text as a chat request: its body, its key, its tokens."""

from functools import lru_cache
from typing import Any

from tasks.llm import tokens
from tasks.llm.call import ANSWER_LIMITS, Request, Template
from tasks.llm.endpoint import Endpoint


def chat_body(template: Template, endpoint: Endpoint, text: str) -> dict[str, Any]:
    """What the endpoint gets: the template's body, with the endpoint's own parameters over it."""
    return endpoint.with_parameters(template.body(text))


def chat_request(
    key: str, body: dict[str, Any], endpoint: Endpoint, template: Template, round_: int
) -> Request:
    """A request with its tokens counted."""
    most = next(
        (body[name] for name in ANSWER_LIMITS if isinstance(body.get(name), int)), template.max_tokens
    )
    return Request(key, body, count_tokens(body, endpoint.model), most, round_)


def count_tokens(body: dict[str, Any], model: str) -> int:
    """Tokens of the input of a chat request."""
    constant = sum(_of_system(m["content"], model) for m in body["messages"] if m["role"] == "system")
    rest = [message for message in body["messages"] if message["role"] != "system"]
    return constant + tokens.count_messages(rest, model)


@lru_cache(maxsize=256)
def _of_system(text: str, model: str) -> int:
    """A stage's system message is the same in all its requests, and longer than most prompts."""
    message = {"role": "system", "content": text}
    return tokens.count_messages([message], model) - tokens.count_messages([], model)
