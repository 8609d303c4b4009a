"""The server as a process: slow answers, clients that give up, a slow start, limits, its end."""

import subprocess
import sys
from typing import Any

import openai
import pytest
from openai import OpenAI

from tests.openai_server.counts import request_key
from tests.openai_server.process import ROOT, OpenAIServer


def body(text: str) -> dict[str, Any]:
    return {"model": "m", "messages": [{"role": "user", "content": text}]}


def connect(server: OpenAIServer, **options: Any) -> OpenAI:
    return OpenAI(base_url=server.base_url, api_key="any", **{"max_retries": 0, "timeout": 20, **options})


def test_a_client_that_gives_up_gets_and_buys_nothing() -> None:
    with OpenAIServer(latency=0.5) as server:
        with pytest.raises(openai.APITimeoutError):
            connect(server, timeout=0.1).chat.completions.create(**body("x"))
        connect(server).chat.completions.create(**body("y"))
        stats = server.stats()
        assert (stats["abandoned"], stats["answered"], stats["in_flight"]) == (1, 1, 0)
        assert set(server.counts()["answered"]) == {request_key(body("y"))}


def test_a_slow_start_refuses_connections_until_it_is_over() -> None:
    with OpenAIServer(start_delay=1.0, faults={"empty": 1}) as server:
        with pytest.raises(openai.APIConnectionError):
            connect(server).chat.completions.create(**body("x"))
        answer = connect(server, max_retries=10).chat.completions.create(**body("x"))
        assert answer.choices[0].message.content == ""


def test_it_ends_with_the_process_that_started_it() -> None:
    command = [sys.executable, "-m", "tests.openai_server", "--with-parent"]
    process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert int(process.stdout.readline()) > 0
    process.communicate()  # closes its standard input, as the end of the parent does
    assert process.returncode == 0


def test_limits_of_requests_and_of_money() -> None:
    with OpenAIServer(rpm=2) as server:
        client = connect(server)
        for text in "ab":
            client.chat.completions.create(**body(text))
        with pytest.raises(openai.RateLimitError) as raised:
            client.chat.completions.create(**body("c"))
        assert raised.value.code == "rate_limit_exceeded"
        assert 30 < float(raised.value.response.headers["retry-after"]) <= 60
        server.set_plan({"rpm": 0, "quota_after": 2})
        with pytest.raises(openai.RateLimitError) as broke:
            client.chat.completions.create(**body("c"))
        assert broke.value.type == broke.value.code == "insufficient_quota"
        server.set_plan({"rpm": 0, "quota_after": 3})
        client.chat.completions.create(**body("c"))
