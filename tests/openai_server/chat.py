"""Chat completions: the same answer to the same prompt, whatever else was asked before."""

import time
from hashlib import blake2b
from random import Random
from typing import Any, Final

import orjson

from tests.openai_server import errors, schema
from tests.openai_server.criteria import criteria
from tests.openai_server.errors import ApiError

_REFUSAL: Final = "I'm sorry, but I can't assist with that."
_INSTEAD: Final = {
    "content_refusal": _REFUSAL,
    "empty": "",
    "garbage": 'Sure! Here is my honest view of it: {"criteria": [1, 2',
}
_OUT_OF_RANGE: Final = [9]


def tokens(text: str) -> int:
    """About how many tokens a text has: one for each 4 characters."""
    return -(-len(text) // 4)


def prompt(body: dict[str, Any]) -> str:
    """The text of the last user message."""
    users = [message for message in body["messages"] if message["role"] == "user"]
    return _text(users[-1]) if users else ""


def input_tokens(body: dict[str, Any]) -> int:
    return 3 + sum(4 + tokens(_text(message)) for message in body["messages"])


def check(body: dict[str, Any]) -> None:
    """Raise 400 for what OpenAI refuses."""
    messages = body.get("messages")
    if messages is None:
        raise errors.missing("messages")
    if not isinstance(messages, list):
        raise errors.wrong_type("messages", "an array of objects")
    if not messages:
        raise ApiError(400, "Invalid 'messages': empty array.", param="messages", code="empty_array")
    for n, message in enumerate(messages):
        if not isinstance(message, dict) or not isinstance(message.get("role"), str):
            raise errors.missing(f"messages[{n}].role")
        if not isinstance(message.get("content"), str | list):
            raise errors.wrong_type(f"messages[{n}].content", "a string or an array of objects")
    if body.get("stream"):
        raise ApiError(400, "This server does not stream.", param="stream", code="unsupported_value")
    _check_format(body.get("response_format") or {})


def answer(body: dict[str, Any], kind: str | None, *, plain_answer: str, snapshot: str) -> dict[str, Any]:
    """A chat completion, with the fault of that kind if it is one of content."""
    content, refusal, reason = _content(body, kind, plain_answer)
    limit = body.get("max_completion_tokens") or body.get("max_tokens")
    if content and limit and tokens(content) > limit:
        content, reason = content[: 4 * limit], "length"
    model = "another-model" if kind == "wrong_model" else body["model"] + snapshot
    choice = {
        "index": 0,
        "message": {"role": "assistant", "content": content, "refusal": refusal, "annotations": []},
        "logprobs": None,
        "finish_reason": reason,
    }
    tier = body.get("service_tier")
    return {
        "id": f"chatcmpl-{time.time_ns():x}",
        "object": "chat.completion",
        "created": int(time.time()),
        "model": model,
        "choices": [choice],
        "usage": _usage(body, tokens(content or refusal or "")),
        "service_tier": "default" if tier in {None, "auto"} else tier,
        "system_fingerprint": "fp_loopback",
    }


def _content(body: dict[str, Any], kind: str | None, plain_answer: str) -> tuple[str | None, str | None, str]:
    """Content, refusal and finish reason."""
    if kind == "refusal":
        return None, _REFUSAL, "stop"
    if kind in _INSTEAD:
        return _INSTEAD[kind], None, "stop"
    content = _good(body, plain_answer, _OUT_OF_RANGE if kind == "out_of_range" else None)
    if kind == "truncated":
        return content[: len(content) // 2], None, "length"
    return content, None, "stop"


def _good(body: dict[str, Any], plain_answer: str, listed: list[int] | None) -> str:
    text = prompt(body)
    listed = criteria(body["model"], text) if listed is None else listed
    wanted = body.get("response_format") or {}
    if wanted.get("type") == "json_schema":
        generator = schema.Generator(wanted["json_schema"]["schema"], _seed(text), listed)
        return orjson.dumps(generator.value()).decode()
    if any("criteri" in _text(message).lower() for message in body["messages"]):
        return plain_answer.replace("{criteria}", ", ".join(map(str, listed)))
    return schema.words(Random(_seed(text)))


def _seed(text: str) -> int:
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest())


def _usage(body: dict[str, Any], output: int) -> dict[str, Any]:
    given = input_tokens(body)
    first = tokens(_text(body["messages"][0]))
    # OpenAI caches prompts from 1,024 tokens on, in steps of 128. Here the first message is always cached.
    cached = first // 128 * 128 if first >= 1024 else 0
    return {
        "prompt_tokens": given,
        "completion_tokens": output,
        "total_tokens": given + output,
        "prompt_tokens_details": {"cached_tokens": cached, "audio_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": 0, "audio_tokens": 0},
    }


def _text(message: dict[str, Any]) -> str:
    content = message["content"]
    return content if isinstance(content, str) else "".join(part.get("text", "") for part in content)


def _check_format(wanted: dict[str, Any]) -> None:
    if wanted.get("type") != "json_schema":
        return
    named = wanted.get("json_schema")
    if not isinstance(named, dict):
        raise errors.missing("response_format.json_schema")
    for key in ("name", "schema"):
        if key not in named:
            raise errors.missing(f"response_format.json_schema.{key}")
    if named.get("strict"):
        schema.check_strict(named["schema"])
