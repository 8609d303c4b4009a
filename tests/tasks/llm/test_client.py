"""One request: what each fault of a server is called, and that nothing it says gets out."""

import asyncio
import json
import logging
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import numpy as np
import pytest

from tasks.errors import InputError
from tasks.llm.call import Reply
from tasks.llm.client import CHAT, EMBEDDINGS, Api, Failure, connect, send
from tasks.llm.endpoint import Endpoint
from tests.openai_server.process import OpenAIServer
from tests.plugins.models import Servers
from tests.tasks.llm.asking import PLAIN, endpoint_of

KEY = "sk-the-secret-key-of-this-test"
PROMPT = "the secret prompt of this test"


@pytest.fixture
def server(openai_servers: Servers) -> OpenAIServer:
    return openai_servers(dimensions=8, models="m")


def send_once(endpoint: Endpoint, api: Api = CHAT, body: dict[str, Any] | None = None) -> Reply:
    async def main() -> Reply:
        async with connect(endpoint) as client:
            asked = {"model": endpoint.model, **(body or PLAIN.body(PROMPT))}
            return await send(client, api, asked, endpoint.timeout_seconds)

    return asyncio.run(main())


def failure_of(endpoint: Endpoint, api: Api = CHAT, body: dict[str, Any] | None = None) -> Failure:
    with pytest.raises(Failure) as raised:
        send_once(endpoint, api, body)
    return raised.value


FAULTS = {
    "rate_limit": Failure("http_429:rate_limit_exceeded", "", True, True, 0.25),
    "resource_unavailable": Failure("http_429:resource_unavailable", "", True, True),
    "quota": Failure("http_429:insufficient_quota", "the account has no credit left"),
    "bad_request": Failure("http_400:invalid_prompt"),
    "server_error": Failure("http_500:server_error", "", True),
    "cut": Failure("connection", "", True),
    "stall": Failure("timeout", "", True),
    "bad_json": Failure("bad_json", "", True),
}


@pytest.mark.parametrize("api", [CHAT, EMBEDDINGS], ids=["chat", "embeddings"])
@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_has_its_name_and_its_consequence(
    server: OpenAIServer,
    fault: str,
    api: Api,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LOOPBACK_KEY", KEY)
    server.set_plan({fault: 1, "retry_after_seconds": 0.25, "stall_seconds": 2})
    body = None if api is CHAT else {"input": [PROMPT], "encoding_format": "base64"}
    patience = 0.3 if fault == "stall" else 10
    endpoint = endpoint_of(server, api_key_env="LOOPBACK_KEY", timeout_seconds=patience)
    with caplog.at_level(logging.DEBUG, "tasks"):
        failure = failure_of(endpoint, api, body)
    assert vars(failure) == vars(FAULTS[fault])
    said = f"{failure!s} {failure!r} {failure.args} {failure.__cause__!r} {caplog.text}"
    assert "secret" not in said


def test_a_wrong_key_is_not_told(openai_servers: Servers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOOPBACK_KEY", KEY)
    strict = openai_servers(api_key="another")
    failure = failure_of(endpoint_of(strict, api_key_env="LOOPBACK_KEY"))
    assert vars(failure) == vars(Failure("http_401:invalid_api_key", "the key was not accepted"))
    assert "secret" not in f"{failure!s} {failure!r} {failure.__cause__!r}"


def test_a_key_is_needed_before_anything_is_sent(
    server: OpenAIServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("LOOPBACK_KEY", raising=False)
    with pytest.raises(InputError, match="LOOPBACK_KEY"):
        connect(endpoint_of(server, api_key_env="LOOPBACK_KEY"))


def test_an_unknown_model_stops_with_advice(server: OpenAIServer) -> None:
    failure = failure_of(endpoint_of(server, model="unknown"))
    assert failure.kind == "http_404:model_not_found"
    assert failure.advice


def test_a_server_that_does_not_listen_may_do_so_later() -> None:
    with OpenAIServer() as server:
        gone = endpoint_of(server)
    assert vars(failure_of(gone)) == vars(Failure("connection", "", True))


def test_an_answer_has_its_text_its_model_and_its_tokens(server: OpenAIServer) -> None:
    server.set_plan({})
    reply = send_once(endpoint_of(server))
    assert (reply.model, reply.finish_reason, reply.refusal, reply.vectors) == ("m", "stop", "", None)
    assert reply.text
    assert reply.input_tokens > 0
    assert reply.output_tokens > 0


@pytest.mark.parametrize("encoding", ["base64", "float"])
def test_vectors_come_in_the_order_of_their_texts(server: OpenAIServer, encoding: str) -> None:
    server.set_plan({})
    texts = ["bread", "chess", "poem"]
    together = send_once(endpoint_of(server), EMBEDDINGS, {"input": texts, "encoding_format": encoding})
    alone = [send_once(endpoint_of(server), EMBEDDINGS, {"input": [text]}).vectors for text in texts]
    assert together.vectors is not None
    assert together.vectors.dtype == np.float32
    np.testing.assert_allclose(together.vectors, np.concatenate([row for row in alone if row is not None]))


class Odd(BaseHTTPRequestHandler):
    """Answers what the test put there, whatever is asked."""

    status, content, headers_ = 200, b"", {"content-type": "application/json"}

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(self.status)
        for name, value in self.headers_.items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(self.content)))
        self.end_headers()
        self.wfile.write(self.content)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def odd() -> Iterator[Endpoint]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Odd) as server:
        Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        base_url = f"http://127.0.0.1:{server.server_port}/v1"
        yield Endpoint(name="odd", model="m", base_url=base_url, api_key_env="", timeout_seconds=5)
        server.shutdown()


ODD_CHATS = [
    b"",
    b"<html>it is late</html>",
    b"null",
    b"[]",
    b'"text"',
    b"{}",
    b'{"choices": []}',
    b'{"choices": null}',
    b'{"choices": [{"message": null}]}',
    b'{"choices": [{"message": {"content": "x"}}], "usage": {"prompt_tokens": "many"}}',
    b'{"choices": [{"message": {"content": "x"}}], "usage": [1]}',
    b'{"choices": [{"message": {"content": "\\ud800"}}]}',  # half a character, which no file can hold
]


@pytest.mark.parametrize("content", ODD_CHATS)
def test_what_is_no_chat_completion_is_bad_json(
    odd: Endpoint, content: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Odd, "content", content)
    assert vars(failure_of(odd)) == vars(Failure("bad_json", "", True))


def rows(*vectors: Any) -> bytes:
    data = [{"index": number, "embedding": vector} for number, vector in enumerate(vectors)]
    return json.dumps({"model": "m", "data": data}).encode()


ODD_VECTORS = {
    "none": rows(),
    "one too few": rows([1.0, 0.0]),
    "one too many": rows([1.0], [1.0], [1.0]),
    "of unlike lengths": rows([1.0, 0.0], [1.0]),
    "no numbers": rows([1.0, None], [1.0, 0.0]),
    "no base64": rows("~~~", "~~~"),
    "not whole floats": rows("AAA=", "AAA="),
    "not finite": rows([1.0, float("nan")], [1.0, 0.0]),
    "no list": b'{"data": 5}',
    "no index": b'{"data": [{"embedding": [1.0]}, {"embedding": [1.0]}]}',
}


@pytest.mark.parametrize("content", ODD_VECTORS.values(), ids=ODD_VECTORS)
def test_vectors_that_are_not_one_for_each_text_are_no_answer(
    odd: Endpoint, content: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Odd, "content", content)
    failure = failure_of(odd, EMBEDDINGS, {"input": ["a", "b"]})
    assert failure.kind in {"bad_json", "bad_vectors"}
    assert failure.can_retry
    assert not failure.advice


STATUSES = {
    (400, ""): Failure("http_400"),
    (403, ""): Failure("http_403", "the key may not use this model"),
    (404, ""): Failure("http_404", "the server knows no such model or address"),
    (408, ""): Failure("http_408", "", True),
    (413, ""): Failure("http_413"),
    (422, ""): Failure("http_422"),
    (429, "7"): Failure("http_429", "", True, True, 7.0),
    (429, "86400"): Failure("http_429", "", True, True, 120.0),
    (502, ""): Failure("http_502", "", True),
    (503, "3"): Failure("http_503", "", True, False, 3.0),
}


@pytest.mark.parametrize(("status", "wait"), STATUSES)
def test_a_status_without_a_word_of_openai_is_enough(
    odd: Endpoint, status: int, wait: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Odd, "status", status)
    monkeypatch.setattr(Odd, "content", b"<html>an apology</html>")
    monkeypatch.setattr(Odd, "headers_", {"retry-after": wait} if wait else {})
    assert vars(failure_of(odd)) == vars(STATUSES[status, wait])


@pytest.mark.parametrize("code", ["the secret prompt", "Secret", "a" * 65, 7, None, ["secret"]])
def test_a_code_that_may_be_anything_is_not_told(
    odd: Endpoint, code: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Odd, "status", 400)
    monkeypatch.setattr(Odd, "content", json.dumps({"error": {"message": "secret", "code": code}}).encode())
    assert failure_of(odd).kind == "http_400"
