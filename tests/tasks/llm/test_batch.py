"""Batches over HTTP: how they end, what is asked again, and what it costs."""

import asyncio
from collections import Counter
from pathlib import Path

import pytest

from tasks.errors import BudgetSpent, EvergreenError
from tasks.llm import batch_shards
from tasks.llm.budget import Budget
from tasks.llm.endpoint import Price
from tasks.llm.outcome import Outcome
from tests.openai_server import chat
from tests.openai_server.process import OpenAIServer
from tests.plugins.models import Servers
from tests.tasks.llm.batch_run import (
    MODEL,
    body_of,
    calls,
    interrupt,
    left_on_disk,
    request_of,
    run,
    sdk,
    some_requests,
    statuses,
    times_asked,
    work_of,
)

# In the words of the loopback server, a prompt with this word gets the answer set with `plain_answer`.
TWELVE_TOKENS = "word" * 12


@pytest.fixture
def server(openai_servers: Servers) -> OpenAIServer:
    return openai_servers(plain_answer=TWELVE_TOKENS)


@pytest.fixture
def five_a_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch_shards, "MAX_REQUESTS", 5)


@pytest.mark.usefixtures("five_a_batch")
def test_each_answer_is_that_of_its_request_and_nothing_is_left_behind(
    server: OpenAIServer, tmp_path: Path
) -> None:
    requests, reports = some_requests(13), []
    outcomes = asyncio.run(
        run(work_of(server.base_url), tmp_path, [*requests, *requests], report=reports.append)
    )
    assert outcomes == {Outcome.OK: 13}
    assert statuses(server) == {"completed": 3}
    assert times_asked(server, requests) == [1] * 13
    answers = {
        request.key: chat.answer({"model": MODEL, **request.body}, None, plain_answer="", snapshot="")
        for request in requests
    }
    kept = calls(tmp_path)
    assert {call["key"]: call["text"] for call in kept} == {
        key: answer["choices"][0]["message"]["content"] for key, answer in answers.items()
    }
    assert {(call["mode"], call["attempts"], call["round"], call["stage"]) for call in kept} == {
        ("batch", 1, 1, "annotate")
    }
    assert left_on_disk(tmp_path) == []
    assert list(sdk(server).files.list()) == []
    assert any("5 of 5 requests answered" in line for line in reports)


def test_what_expired_or_failed_at_the_server_is_asked_again(server: OpenAIServer, tmp_path: Path) -> None:
    server.set_plan({"expired": 0.25, "server_error": 0.25, "rate_limit": 0.1})
    requests = some_requests(40)
    outcomes = asyncio.run(run(work_of(server.base_url, max_attempts=20), tmp_path, requests))
    assert outcomes == {Outcome.OK: 40}
    assert "expired" in statuses(server)
    made = Counter(call["key"] for call in calls(tmp_path))
    assert times_asked(server, requests) == [made[request.key] for request in requests]
    assert max(made.values()) > 2
    assert left_on_disk(tmp_path) == []


def test_failures_come_to_an_end(server: OpenAIServer, tmp_path: Path) -> None:
    server.set_plan({"expired": 1})
    requests = some_requests(3)
    outcomes = asyncio.run(run(work_of(server.base_url, max_attempts=2), tmp_path, requests))
    assert outcomes == {Outcome.ERROR: 3}
    assert times_asked(server, requests) == [2, 2, 2]
    assert Counter(call["error"] for call in calls(tmp_path)) == {"batch_expired": 6}


def test_a_second_round_that_failed_for_the_moment_keeps_its_room(
    server: OpenAIServer, tmp_path: Path
) -> None:
    requests = [request_of(body_of(f"criterion {number}", max_tokens=5)) for number in range(8)]
    server.set_plan({"expired": 0.5})
    outcomes = asyncio.run(run(work_of(server.base_url, max_attempts=20), tmp_path, requests))
    assert outcomes == {Outcome.TRUNCATED: 8}
    kept = calls(tmp_path)
    assert {call["text"] for call in kept if call["round"] == 2} == {"", TWELVE_TOKENS[:40]}


def test_a_request_that_is_wrong_is_an_error_without_the_servers_words(
    server: OpenAIServer, tmp_path: Path
) -> None:
    server.set_plan({"bad_request": 1})
    requests = some_requests(3)
    assert asyncio.run(run(work_of(server.base_url), tmp_path, requests)) == {Outcome.ERROR: 3}
    assert times_asked(server, requests) == [1, 1, 1]
    assert {(call["error"], call["text"]) for call in calls(tmp_path)} == {("http_400:invalid_prompt", "")}


def test_an_answer_of_no_use_is_asked_for_once_more(server: OpenAIServer, tmp_path: Path) -> None:
    server.set_plan({"garbage": 1})
    requests = some_requests(3)
    assert asyncio.run(run(work_of(server.base_url), tmp_path, requests)) == {Outcome.UNPARSABLE: 3}
    assert times_asked(server, requests) == [2, 2, 2]
    assert Counter(call["round"] for call in calls(tmp_path)) == {1: 3, 2: 3}


def test_a_cut_answer_gets_twice_the_room(server: OpenAIServer, tmp_path: Path) -> None:
    requests = [request_of(body_of(f"criterion {number}", max_tokens=8)) for number in range(3)]
    assert asyncio.run(run(work_of(server.base_url), tmp_path, requests)) == {Outcome.OK: 3}
    found = Counter((call["round"], call["outcome"], call["text"]) for call in calls(tmp_path))
    assert found == {(1, "truncated", TWELVE_TOKENS[:32]): 3, (2, "ok", TWELVE_TOKENS): 3}


def test_a_budget_is_used_up_and_not_passed(server: OpenAIServer, tmp_path: Path) -> None:
    # Each is expected to cost 25 USD at first, and costs 6.
    price = Price(input=0, output=1_000_000)
    requests = [request_of(body_of(f"criterion {number}")) for number in range(30)]
    budget = Budget(125, 0)
    work = work_of(server.base_url, price=price)
    with pytest.raises(BudgetSpent):
        asyncio.run(run(work, tmp_path, requests, budget))
    assert [call["usd"] for call in calls(tmp_path)] == [6.0] * 20
    assert budget.spent_usd == 120
    assert left_on_disk(tmp_path) == []
    assert asyncio.run(run(work, tmp_path, requests[20:])) == {Outcome.OK: 10}
    assert times_asked(server, requests) == [1] * 30


@pytest.mark.usefixtures("five_a_batch")
def test_an_unreliable_server_makes_no_batch_twice(server: OpenAIServer, tmp_path: Path) -> None:
    server.set_plan({"batch_api": {"server_error": 0.1, "cut": 0.15, "bad_json": 0.1}, "seed": 2})
    requests = some_requests(20)
    assert asyncio.run(run(work_of(server.base_url), tmp_path, requests)) == {Outcome.OK: 20}
    assert server.stats()["faults"].keys() == {"server_error", "cut", "bad_json"}
    server.set_plan({})
    shards = Counter(batch.metadata["evergreen_shard"] for batch in sdk(server).batches.list(limit=100))
    assert set(shards.values()) == {1}


def test_a_wrong_key_stops_at_once_and_stays_secret(
    openai_servers: Servers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOME_KEY", "sk-secret")
    server = openai_servers(api_key="another")
    with pytest.raises(EvergreenError, match=r"http_401.*key was not accepted") as caught:
        asyncio.run(run(work_of(server.base_url, api_key_env="SOME_KEY"), tmp_path, some_requests(3)))
    assert "sk-secret" not in str(caught.value)


def test_an_account_without_credit_stops_the_run_and_the_next_one_asks_the_rest(
    server: OpenAIServer, tmp_path: Path
) -> None:
    server.set_plan({"quota": 0.7})
    requests = some_requests(20)
    with pytest.raises(EvergreenError, match="no credit left"):
        asyncio.run(run(work_of(server.base_url), tmp_path, requests))
    answered = {call["key"] for call in calls(tmp_path)}
    assert 0 < len(answered) < 20
    server.set_plan({})
    rest = [request for request in requests if request.key not in answered]
    assert asyncio.run(run(work_of(server.base_url), tmp_path, rest)) == {Outcome.OK: len(rest)}


def test_an_interrupted_run_ends_at_once_and_its_batch_goes_on(
    openai_servers: Servers, tmp_path: Path
) -> None:
    requests = some_requests(3)
    server = openai_servers(batch_seconds=3)
    asyncio.run(interrupt(work_of(server.base_url), tmp_path, requests))
    assert set(statuses(server)) <= {"validating", "in_progress"}
    assert asyncio.run(run(work_of(server.base_url), tmp_path, [])) == {Outcome.OK: 3}
    assert times_asked(server, requests) == [1, 1, 1]
