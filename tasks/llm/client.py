"""One HTTP request to an endpoint, and what its failure means. The only module that talks to the SDK."""

import asyncio
import re
import time
from base64 import b64decode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx2
import numpy as np
import openai
import orjson
from numpy.typing import NDArray
from openai import AsyncOpenAI, DefaultAioHttpClient

from tasks.llm.call import Reply
from tasks.llm.endpoint import Endpoint
from tasks.llm.limits import retry_after

_CODE = re.compile(r"[a-z][a-z0-9_.]{0,63}")
_NO_CREDIT = frozenset({"insufficient_quota", "billing_not_active", "billing_hard_limit_reached"})
_RETRIED = frozenset({408, 409, 429})
# A server that asks for more, say until tomorrow, is asked again after this.
_LONGEST_WAIT_SECONDS = 120.0


@dataclass(eq=False)
class Failure(Exception):
    """A request without a usable answer.

    Attributes:
        kind: `timeout`, `connection`, `bad_json`, or `http_<status>` with the server's error code if it has
            one. Never the server's message, which may quote the prompt or the key.
        advice: what a person can do where no further request makes sense; empty: only this one failed.
        can_retry: whether the same request may succeed later.
        is_rate_limit: whether the endpoint asked for fewer requests.
        wait_seconds: how long it asked to wait, at most two minutes.
    """

    kind: str
    advice: str = ""
    can_retry: bool = False
    is_rate_limit: bool = False
    wait_seconds: float = 0.0


def connect(endpoint: Endpoint) -> AsyncOpenAI:
    """A client of an endpoint, without retries of its own: the pool retries.

    Raises:
        InputError: the variable of its key is not set.
    """
    size = endpoint.concurrency
    limits = httpx2.Limits(max_connections=size, max_keepalive_connections=size)
    return AsyncOpenAI(
        api_key=endpoint.api_key() or "none",
        base_url=endpoint.base_url or None,
        max_retries=0,
        timeout=endpoint.timeout_seconds,
        http_client=DefaultAioHttpClient(limits=limits, timeout=endpoint.timeout_seconds),
    )


def read_chat(content: dict[str, Any], _body: dict[str, Any]) -> Reply:
    """The reply in a chat completion.

    Raises:
        Failure: it has another shape.
    """
    try:
        choice = content["choices"][0]
        message = choice["message"]
        usage = content.get("usage") or {}
        details = usage.get("prompt_tokens_details") or {}
        return Reply(
            text=str(message.get("content") or ""),
            finish_reason=str(choice.get("finish_reason") or ""),
            refusal=str(message.get("refusal") or ""),
            model=str(content.get("model") or ""),
            input_tokens=int(usage.get("prompt_tokens") or 0),
            cached_tokens=int(details.get("cached_tokens") or 0),
            output_tokens=int(usage.get("completion_tokens") or 0),
        )
    except (KeyError, IndexError, TypeError, AttributeError, ValueError) as error:
        raise Failure("bad_json", can_retry=True) from error


def read_embeddings(content: dict[str, Any], body: dict[str, Any]) -> Reply:
    """The reply in an embedding response to a body with a list of inputs and `encoding_format: base64`.

    Raises:
        Failure: it has another shape, or not one vector for each input.
    """
    try:
        items = sorted(content["data"], key=lambda item: item["index"])
        vectors = np.stack([_vector(item["embedding"]) for item in items])
        tokens = int((content.get("usage") or {}).get("prompt_tokens") or 0)
        model = str(content.get("model") or "")
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise Failure("bad_json", can_retry=True) from error
    if len(vectors) != len(body["input"]) or not np.isfinite(vectors).all():
        raise Failure("bad_vectors", can_retry=True)
    return Reply("", "stop", "", model, tokens, 0, 0, vectors)


def _vector(embedding: str | list[float]) -> NDArray[np.float32]:
    """One vector; some servers send numbers, though they were asked for base64."""
    if isinstance(embedding, str):
        return np.frombuffer(b64decode(embedding, validate=True), dtype="<f4")
    return np.asarray(embedding, dtype=np.float32)


@dataclass(frozen=True)
class Api:
    """An operation of OpenAI's API: its path below `/v1`, and how the body of its response is read."""

    path: str
    read: Callable[[dict[str, Any], dict[str, Any]], Reply]


CHAT = Api("/chat/completions", read_chat)
EMBEDDINGS = Api("/embeddings", read_embeddings)


async def send(client: AsyncOpenAI, api: Api, body: dict[str, Any], timeout_seconds: float) -> Reply:
    """Ask once, and wait no longer than that for the whole answer.

    Raises:
        Failure: no usable answer came.
    """
    with failures():
        async with asyncio.timeout(timeout_seconds):  # the SDK's starts anew with each byte
            # The bare response: the SDK's typed objects would double the processor time of a call.
            response = await client.post(api.path, cast_to=httpx2.Response, content=orjson.dumps(body))
        return api.read(orjson.loads(response.content), body)


@contextmanager
def failures() -> Iterator[None]:
    """Turn what the SDK raises into a `Failure`, without a word of the server's."""
    try:
        yield
    except openai.APIStatusError as error:
        raise describe_status(error) from None
    except openai.APITimeoutError as error:
        # The transport calls a refused connection this, too.
        kind = "connection" if isinstance(error.__cause__, httpx2.ConnectTimeout) else "timeout"
        raise Failure(kind, can_retry=True) from None
    except TimeoutError:
        raise Failure("timeout", can_retry=True) from None
    except (openai.APIConnectionError, httpx2.HTTPError):
        raise Failure("connection", can_retry=True) from None
    except orjson.JSONDecodeError:
        raise Failure("bad_json", can_retry=True) from None


def describe_status(error: openai.APIStatusError) -> Failure:
    """What an HTTP error means for this request and for all others."""
    status, code = error.status_code, clean_code(error.code, error.type)
    kind = f"http_{status}:{code}" if code else f"http_{status}"
    if advice := _advice(status, code):
        return Failure(kind, advice=advice)
    wait = min(retry_after(error.response.headers, time.time()) or 0.0, _LONGEST_WAIT_SECONDS)
    can_retry = status in _RETRIED or status >= 500
    return Failure(kind, can_retry=can_retry, is_rate_limit=status == 429, wait_seconds=wait)


def clean_code(*values: object) -> str:
    """The first that looks like an error's code or type; empty if none does: other text could be anything."""
    for value in values:
        if isinstance(value, str) and _CODE.fullmatch(value):
            return value
    return ""


def _advice(status: int, code: str) -> str:
    if code in _NO_CREDIT:
        return "the account has no credit left"
    if status == 401:
        return "the key was not accepted"
    if status == 403:
        return "the key may not use this model"
    if status == 404 or code == "model_not_found":
        return "the server knows no such model or address"
    return ""
