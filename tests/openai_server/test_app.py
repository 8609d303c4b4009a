"""The loopback server answers as OpenAI does, in the eyes of its own client, and fails as it is told."""

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import aiohttp
import numpy as np
import openai
import pytest
from openai import OpenAI

from tests.openai_server.counts import request_key, text_key
from tests.openai_server.criteria import criteria
from tests.openai_server.process import OpenAIServer
from tests.plugins.models import Servers

KEY = "sk-loopback"
MODELS = ("gpt-3.5-turbo-0125", "gpt-4-turbo", "text-embedding-3-small")
ENDPOINT = "/v1/chat/completions"
CRITERIA = {
    "type": "object",
    "properties": {"criteria": {"type": "array", "items": {"type": "integer", "minimum": 1, "maximum": 7}}},
    "required": ["criteria"],
    "additionalProperties": False,
}


def schema(name: str, wanted: dict[str, Any]) -> dict[str, Any]:
    return {"type": "json_schema", "json_schema": {"name": name, "strict": True, "schema": wanted}}


def body(text: str, **more: Any) -> dict[str, Any]:
    messages = [{"role": "system", "content": "Which criteria hold?"}, {"role": "user", "content": text}]
    return {"model": MODELS[0], "messages": messages, **more}


@pytest.fixture
def server(openai_servers: Servers) -> OpenAIServer:
    return openai_servers(api_key=KEY, models=",".join(MODELS))


@pytest.fixture
def client(server: OpenAIServer) -> Iterator[OpenAI]:
    with OpenAI(base_url=server.base_url, api_key=KEY, max_retries=0, timeout=20) as made:
        yield made


def ask(client: OpenAI, text: str, **more: Any) -> Any:
    return client.chat.completions.create(**body(text, **more))


def content(client: OpenAI, text: str, **more: Any) -> str:
    return str(ask(client, text, **more).choices[0].message.content)


def test_a_chat_completion_is_whole(client: OpenAI) -> None:
    answer = ask(client, "Sort a list", service_tier="flex", response_format=schema("criteria", CRITERIA))
    choice = answer.choices[0]
    assert json.loads(choice.message.content) == {"criteria": criteria(MODELS[0], "Sort a list")}
    assert (choice.finish_reason, choice.message.refusal, answer.model) == ("stop", None, MODELS[0])
    assert answer.service_tier == "flex"
    usage = answer.usage
    assert usage.prompt_tokens + usage.completion_tokens == usage.total_tokens
    assert usage.prompt_tokens_details.cached_tokens == 0
    assert answer._request_id.startswith("req_")


def test_answers_follow_the_prompt_and_the_model_alone(server: OpenAIServer, client: OpenAI) -> None:
    texts = [f"prompt {n}" for n in range(20)]
    before = [content(client, text) for text in texts]
    server.reset()
    after = [content(client, text) for text in reversed(texts)]
    assert before == after[::-1]
    assert before == [f"[{', '.join(map(str, criteria(MODELS[0], text)))}]" for text in texts]
    assert before != [content(client, text, model=MODELS[1]) for text in texts]


def test_another_schema_gets_an_instance_of_it(client: OpenAI) -> None:
    wanted = {
        "type": "object",
        "properties": {
            "name": {"type": "string"},
            "kind": {"enum": ["a", "b"]},
            "parts": {"type": "array", "items": {"$ref": "#/$defs/part"}, "minItems": 2},
        },
        "required": ["name", "kind", "parts"],
        "additionalProperties": False,
        "$defs": {"part": {"anyOf": [{"type": "integer", "minimum": 3, "maximum": 4}]}},
    }
    answer = json.loads(content(client, "x", response_format=schema("topic", wanted)))
    assert 2 <= len(answer["name"].split()) <= 3
    assert answer["kind"] in {"a", "b"}
    assert len(answer["parts"]) >= 2
    assert set(answer["parts"]) <= {3, 4}


def test_a_short_limit_truncates(client: OpenAI) -> None:
    choice = ask(client, "x", max_tokens=1, response_format=schema("criteria", CRITERIA)).choices[0]
    assert (choice.finish_reason, len(choice.message.content)) == ("length", 4)


def test_embeddings_are_near_where_words_are_shared(client: OpenAI) -> None:
    texts = ["sort a python list quickly", "python list sorting, how to sort", "holidays in northern italy"]
    made = client.embeddings.create(model=MODELS[2], input=texts)  # the client asks for base64
    vectors = np.array([row.embedding for row in made.data])
    assert vectors.shape == (3, 1536)
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1, abs=1e-5)
    near, far = vectors[0] @ vectors[1], vectors[0] @ vectors[2]
    assert near > 0.3 > far
    alone = client.embeddings.create(model=MODELS[2], input=texts[1], encoding_format="float")
    assert alone.data[0].embedding == pytest.approx(made.data[1].embedding, abs=1e-7)
    assert len(client.embeddings.create(model=MODELS[2], input="x", dimensions=256).data[0].embedding) == 256


@pytest.mark.parametrize(
    ("given", "message", "code"),
    [
        (["a"] * 2049, "too long", "array_above_max_length"),
        (["a", ""], "empty string", None),
        ("word " * 9000, "8192 tokens", None),
        (["word " * 8000] * 40, "max 300000 tokens", "max_tokens_per_request"),
    ],
)
def test_embeddings_have_limits(client: OpenAI, given: Any, message: str, code: str | None) -> None:
    with pytest.raises(openai.BadRequestError, match=message) as raised:
        client.embeddings.create(model=MODELS[2], input=given)
    assert raised.value.code == code


def test_malformed_requests_are_refused(server: OpenAIServer, client: OpenAI) -> None:
    with pytest.raises(openai.NotFoundError) as raised:
        ask(client, "x", model="gpt-9")
    assert raised.value.code == "model_not_found"
    with pytest.raises(openai.BadRequestError) as refused:
        client.chat.completions.create(model=MODELS[0], messages=[])
    assert (refused.value.param, refused.value.type) == ("messages", "invalid_request_error")
    with pytest.raises(openai.BadRequestError, match="additionalProperties"):
        ask(client, "x", response_format=schema("criteria", CRITERIA | {"additionalProperties": True}))
    with pytest.raises(openai.AuthenticationError) as unknown:
        ask(client.with_options(api_key="sk-other"), "x")
    assert unknown.value.code == "invalid_api_key"
    with pytest.raises(openai.NotFoundError):
        client.responses.create(model=MODELS[0], input="x")
    assert server.stats()["answered"] == 0
    assert {model.id for model in client.models.list()} == set(MODELS)


@pytest.mark.parametrize(
    ("kind", "error", "code"),
    [
        ("rate_limit", openai.RateLimitError, "rate_limit_exceeded"),
        ("resource_unavailable", openai.RateLimitError, "resource_unavailable"),
        ("quota", openai.RateLimitError, "insufficient_quota"),
        ("server_error", openai.InternalServerError, None),
        ("bad_request", openai.BadRequestError, "invalid_prompt"),
    ],
)
def test_errors_on_demand(
    server: OpenAIServer, client: OpenAI, kind: str, error: type[openai.APIStatusError], code: str | None
) -> None:
    server.set_plan({kind: 1, "retry_after_seconds": 0.5})
    for call in (lambda: ask(client, "x"), lambda: client.embeddings.create(model=MODELS[2], input="x")):
        with pytest.raises(error) as raised:
            call()
        assert raised.value.code == code
        waits = raised.value.response.headers.get("retry-after")
        assert waits == ("0.5" if kind == "rate_limit" else None)
    assert server.stats()["faults"] == {kind: 2}


def test_connections_fail_on_demand(server: OpenAIServer, client: OpenAI) -> None:
    server.set_plan({"cut": 1})
    with pytest.raises(openai.APIConnectionError):
        ask(client, "x")
    server.set_plan({"stall": 1})
    with pytest.raises(openai.APITimeoutError):
        ask(client.with_options(timeout=0.3), "x")
    server.set_plan({"bad_json": 1})
    with pytest.raises((openai.APIResponseValidationError, json.JSONDecodeError)):
        ask(client, "x")
    stats = server.stats()
    assert stats["faults"] == {"cut": 1, "stall": 1, "bad_json": 1}
    assert (stats["answered"], stats["by_status"]) == (0, {"200": 1})


def test_contents_fail_on_demand(server: OpenAIServer, client: OpenAI) -> None:
    def choice(kind: str) -> Any:
        server.set_plan({kind: 1})
        return ask(client, "x", response_format=schema("criteria", CRITERIA)).choices[0]

    assert choice("empty").message.content == ""
    refused = choice("refusal").message
    assert (refused.content, bool(refused.refusal)) == (None, True)
    assert choice("content_refusal").message.content == refused.refusal
    assert json.loads(choice("out_of_range").message.content) == {"criteria": [9]}
    cut = choice("truncated")
    assert cut.finish_reason == "length"
    for broken in (cut, choice("garbage")):
        with pytest.raises(json.JSONDecodeError):
            json.loads(broken.message.content)
    server.set_plan({"wrong_model": 1})
    assert ask(client, "x").model != MODELS[0]
    server.set_plan({"truncated": 1})
    assert len(client.embeddings.create(model=MODELS[2], input=["a", "b"]).data) == 1


def test_faults_come_at_the_share_asked_for_and_are_counted(server: OpenAIServer) -> None:
    async def all_of(bodies: list[dict[str, Any]]) -> list[int]:
        headers = {"Authorization": f"Bearer {KEY}"}
        async with aiohttp.ClientSession(headers=headers) as session:

            async def one(request: dict[str, Any]) -> int:
                async with session.post(f"{server.url}{ENDPOINT}", json=request) as response:
                    await response.read()
                    return response.status

            return await asyncio.gather(*map(one, bodies))

    server.set_plan({"server_error": 0.2, "rate_limit": 0.1, "seed": 3})
    bodies = [body(f"prompt {n}") for n in range(600)]
    first = asyncio.run(all_of(bodies))
    assert first.count(500) / 600 == pytest.approx(0.2, abs=0.05)
    assert first.count(429) / 600 == pytest.approx(0.1, abs=0.04)
    again = asyncio.run(all_of(bodies))
    assert first != again  # another try is another draw
    counts, stats = server.counts(), server.stats()
    by_status = {"200": 0, "429": 0, "500": 0} | stats["by_status"]
    assert by_status == {str(status): (first + again).count(status) for status in (200, 429, 500)}
    good = [(a == 200) + (b == 200) for a, b in zip(first, again, strict=True)]
    assert [counts["answered"].get(request_key(one), 0) for one in bodies] == good
    assert set(counts["asked"].values()) == {2}
    arrivals = server.arrivals()
    assert len(arrivals) == stats["requests"] == 1200
    assert arrivals == sorted(arrivals)


def test_embeddings_are_counted_by_text(server: OpenAIServer, client: OpenAI) -> None:
    client.embeddings.create(model=MODELS[2], input=["a", "b"])
    client.embeddings.create(model=MODELS[2], input="b")
    assert server.counts()["texts"] == {text_key(MODELS[2], "a"): 1, text_key(MODELS[2], "b"): 2}
