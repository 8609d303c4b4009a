"""Responses with the headers that OpenAI sends."""

from itertools import count
from typing import Any, Final

import orjson
from aiohttp import web

from tests.openai_server import errors

HEADERS: Final = {
    "Content-Type": "application/json",
    "openai-organization": "org-loopback",
    "openai-version": "2020-10-01",
    "x-ratelimit-limit-requests": "10000",
    "x-ratelimit-limit-tokens": "2000000",
    "x-ratelimit-remaining-requests": "9999",
    "x-ratelimit-remaining-tokens": "1999000",
    "x-ratelimit-reset-requests": "6ms",
    "x-ratelimit-reset-tokens": "30ms",
}
_numbers = count(1)


def of_value(value: Any, status: int = 200, headers: dict[str, str] | None = None) -> web.Response:
    """A value as JSON."""
    return of_bytes(orjson.dumps(value), status, headers)


def of_bytes(body: bytes, status: int = 200, headers: dict[str, str] | None = None) -> web.Response:
    own = {"x-request-id": f"req_{next(_numbers):032x}", "openai-processing-ms": "1"}
    return web.Response(body=body, status=status, headers={**HEADERS, **own, **(headers or {})})


async def parsed(request: web.Request) -> dict[str, Any]:
    """The JSON object in a request's body; 400 if there is none."""
    try:
        value = orjson.loads(await request.read())
    except orjson.JSONDecodeError as error:
        raise errors.malformed() from error
    if not isinstance(value, dict):
        raise errors.malformed()
    return value
