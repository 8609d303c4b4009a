"""Batches go their way as OpenAI's do, in the eyes of its own client."""

import json
from collections.abc import Iterator
from typing import Any

import openai
import pytest
from openai import OpenAI
from openai.types import Batch

from tests.openai_server.counts import request_key
from tests.openai_server.process import OpenAIServer
from tests.plugins.models import Servers

MODELS = ("gpt-3.5-turbo-0125", "text-embedding-3-small")
ENDPOINT = "/v1/chat/completions"


def body(text: str, model: str = MODELS[0]) -> dict[str, Any]:
    return {"model": model, "messages": [{"role": "user", "content": f"Which criteria hold? {text}"}]}


@pytest.fixture
def server(openai_servers: Servers) -> OpenAIServer:
    limits = {"batch_requests": 50, "file_bytes": 100_000, "enqueued_tokens": 400}
    return openai_servers(models=",".join(MODELS), **limits)


@pytest.fixture
def client(server: OpenAIServer) -> Iterator[OpenAI]:
    with OpenAI(base_url=server.base_url, api_key="any", max_retries=0, timeout=20) as made:
        yield made


def submit(client: OpenAI, requests: list[dict[str, Any]], endpoint: str = ENDPOINT) -> Batch:
    lines = (json.dumps({"method": "POST", "url": endpoint} | request) for request in requests)
    file = client.files.create(file=("in.jsonl", "\n".join(lines).encode()), purpose="batch")
    return client.batches.create(
        input_file_id=file.id, endpoint=endpoint, completion_window="24h", metadata={"stage": "annotate"}
    )


def ended(client: OpenAI, batch: Batch) -> Batch:
    while batch.status in {"validating", "in_progress", "finalizing", "cancelling"}:
        batch = client.batches.retrieve(batch.id)
    return batch


def rows(client: OpenAI, file: str | None) -> list[dict[str, Any]]:
    return [json.loads(line) for line in client.files.content(file).text.splitlines()] if file else []


def items(count: int) -> list[dict[str, Any]]:
    return [{"custom_id": f"c{n}", "body": body(f"prompt {n}")} for n in range(count)]


def test_a_batch_from_file_to_file(server: OpenAIServer, client: OpenAI) -> None:
    batch = submit(client, items(20))
    states = [batch.status]
    while states[-1] != "completed":
        batch = client.batches.retrieve(batch.id)
        states.append(batch.status)
    assert list(dict.fromkeys(states)) == ["validating", "in_progress", "finalizing", "completed"]
    assert (batch.request_counts.total, batch.request_counts.completed) == (20, 20)
    assert (batch.metadata, batch.error_file_id) == ({"stage": "annotate"}, None)
    output = rows(client, batch.output_file_id)
    given = [item["custom_id"] for item in items(20)]
    assert [row["custom_id"] for row in output] != given
    assert {row["custom_id"] for row in output} == set(given)
    by_id = {row["custom_id"]: row["response"]["body"] for row in output}
    asked = client.chat.completions.create(**body("prompt 7"))
    assert by_id["c7"]["choices"][0]["message"]["content"] == asked.choices[0].message.content
    assert server.counts()["answered"][request_key(body("prompt 8"))] == 1
    assert client.files.retrieve(batch.output_file_id).purpose == "batch_output"
    client.files.delete(batch.output_file_id)
    with pytest.raises(openai.NotFoundError):
        client.files.content(batch.output_file_id)


def test_a_batch_of_embeddings(client: OpenAI) -> None:
    request = {"custom_id": "e", "body": {"model": MODELS[1], "input": ["a", "b"]}}
    batch = ended(client, submit(client, [request], "/v1/embeddings"))
    (row,) = rows(client, batch.output_file_id)
    assert len(row["response"]["body"]["data"]) == 2


def test_items_of_a_batch_fail_and_expire(server: OpenAIServer, client: OpenAI) -> None:
    server.set_plan({"server_error": 0.3, "expired": 0.3, "seed": 1})
    batch = ended(client, submit(client, items(18)))
    assert batch.status == "expired"
    assert batch.expired_at is not None
    output, failed = rows(client, batch.output_file_id), rows(client, batch.error_file_id)
    assert (len(output), len(failed)) == (batch.request_counts.completed, batch.request_counts.failed)
    assert {row["custom_id"] for row in output + failed} == {item["custom_id"] for item in items(18)}
    expired = [row for row in failed if row["response"] is None]
    assert {row["error"]["code"] for row in expired} == {"batch_expired"}
    assert {row["response"]["status_code"] for row in failed if row not in expired} == {500}


@pytest.mark.parametrize(
    ("requests", "code"),
    [
        ([*items(2), *items(1)], "duplicate_custom_id"),
        (items(51), "too_many_tasks"),
        ([{"custom_id": "c", "body": body("long " * 400)}], "token_limit_exceeded"),
        ([{"custom_id": "c", "body": body("x", model="gpt-9")}], "model_not_found"),
        ([], "empty_file"),
    ],
)
def test_a_batch_that_is_not_accepted(client: OpenAI, requests: list[dict[str, Any]], code: str) -> None:
    batch = ended(client, submit(client, requests))
    assert batch.status == "failed"
    assert [error.code for error in batch.errors.data] == [code]
    assert batch.output_file_id is None


def test_tokens_are_free_again_when_a_batch_has_ended(client: OpenAI) -> None:
    first = client.batches.retrieve(submit(client, items(18)).id)
    assert first.status == "in_progress"
    (error,) = ended(client, submit(client, items(18))).errors.data
    assert error.code == "token_limit_exceeded"
    ended(client, first)
    assert ended(client, submit(client, items(18))).status == "completed"


def test_a_cancelled_batch_keeps_what_it_has(client: OpenAI) -> None:
    batch = client.batches.retrieve(submit(client, items(10)).id)
    assert client.batches.cancel(batch.id).status == "cancelling"
    batch = ended(client, client.batches.retrieve(batch.id))
    assert batch.status == "cancelled"
    assert len(rows(client, batch.output_file_id)) == 5
    assert {row["error"]["code"] for row in rows(client, batch.error_file_id)} == {"batch_cancelled"}


def test_batches_are_listed_newest_first(server: OpenAIServer, client: OpenAI) -> None:
    made = [submit(client, items(1)).id for _ in range(5)]
    assert [batch.id for batch in client.batches.list(limit=2)] == made[::-1]
    file = client.files.create(file=("in.jsonl", b"{}"), purpose="batch")
    server.set_plan({"batch_api": {"cut": 1}})
    with pytest.raises(openai.APIConnectionError):
        client.batches.create(input_file_id=file.id, endpoint=ENDPOINT, completion_window="24h")
    server.set_plan({})
    assert len(list(client.batches.list())) == 6  # the answer was lost, the batch was not


def test_a_file_has_a_limit(client: OpenAI) -> None:
    with pytest.raises(openai.BadRequestError, match="larger"):
        client.files.create(file=("in.jsonl", b"x" * 100_001), purpose="batch")


def test_a_batch_takes_its_time() -> None:
    with OpenAIServer(batch_seconds=0.5) as server:
        client = OpenAI(base_url=server.base_url, api_key="any", max_retries=0, timeout=20)
        batch = submit(client, items(3))
        assert client.batches.retrieve(batch.id).output_file_id is None
        assert ended(client, batch).status == "completed"
