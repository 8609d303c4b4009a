"""The pool against a server with every fault: what is asked how often, what is kept, what stops it."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tasks.llm.call import Request
from tasks.llm.outcome import Outcome
from tasks.llm.pool import Pool
from tests.openai_server.process import OpenAIServer
from tests.tasks.llm.asking import GARBAGE, TEXTS, ask, asked_of, endpoint_of, requests_of


def test_each_request_is_asked_once_and_its_answer_kept(openai_server: OpenAIServer, path: Path) -> None:
    endpoint = endpoint_of(openai_server)
    asked = ask(endpoint, requests_of(endpoint, TEXTS), path)
    assert asked.error is None
    assert asked.outcomes == {Outcome.OK: 40}
    assert set(asked_of(openai_server).values()) == {1}
    assert {call["key"] for call in asked.calls} == {request.key for request in requests_of(endpoint, TEXTS)}
    assert {call["attempts"] for call in asked.calls} == {1}
    assert asked.budget.spent_usd == pytest.approx(sum(call["usd"] for call in asked.calls))
    assert 1 < openai_server.stats()["max_in_flight"] <= endpoint.concurrency


CONTENT = {
    "garbage": ("unparsable", "", 2, True),
    "truncated": ("truncated", "", 2, True),
    "refusal": ("refused", "", 1, True),
    "empty": ("empty", "", 1, False),
    "wrong_model": ("error", "wrong_model", 1, True),
    "bad_request": ("error", "http_400:invalid_prompt", 1, False),
}


@pytest.mark.parametrize("fault", CONTENT)
def test_answers_of_no_use_are_asked_once_more_and_others_never(
    openai_server: OpenAIServer, path: Path, fault: str
) -> None:
    outcome, error, times, has_text = CONTENT[fault]
    openai_server.set_plan({fault: 1})
    endpoint = endpoint_of(openai_server)
    asked = ask(endpoint, requests_of(endpoint, TEXTS[:6]), path)
    assert asked.error is None
    assert asked.outcomes == {Outcome(outcome): 6}
    assert asked_of(openai_server) == {text: times if text in TEXTS[:6] else 0 for text in TEXTS}
    rounds = Counter(call["round"] for call in asked.calls)
    assert rounds == dict.fromkeys(range(1, times + 1), 6)
    assert {(call["outcome"], call["error"], bool(call["text"])) for call in asked.calls} == {
        (outcome, error, has_text)
    }


def test_a_second_round_that_helps_is_an_answer(openai_server: OpenAIServer, path: Path) -> None:
    openai_server.set_plan({"garbage": 0.5})
    endpoint = endpoint_of(openai_server)
    asked = ask(endpoint, requests_of(endpoint, TEXTS), path)
    first = {call["key"]: call["outcome"] for call in asked.calls if call["round"] == 1}
    second = {call["key"]: call["outcome"] for call in asked.calls if call["round"] == 2}
    assert set(second) == {key for key, outcome in first.items() if outcome == "unparsable"}
    assert set(second.values()) == {"ok", "unparsable"}
    assert asked.outcomes == Counter(Outcome(outcome) for outcome in (first | second).values())
    assert all(call["text"].startswith(GARBAGE) for call in asked.calls if call["outcome"] == "unparsable")


RETRIED = {
    "server_error": "http_500:server_error",
    "cut": "connection",
    "bad_json": "bad_json",
    "stall": "timeout",
}


@pytest.mark.parametrize("fault", RETRIED)
def test_a_request_that_keeps_failing_is_tried_so_often_and_no_more(
    openai_server: OpenAIServer, path: Path, fault: str
) -> None:
    patience = 0.5 if fault == "stall" else 10
    endpoint = endpoint_of(openai_server, concurrency=1, max_attempts=2, timeout_seconds=patience)

    def requests() -> Iterator[Request]:
        for number, request in enumerate(requests_of(endpoint, TEXTS[:4])):
            if number == 2:  # one was answered: the server is there; the second is about to be sent
                openai_server.set_plan({fault: 1, "stall_seconds": 30})
            yield request

    asked = ask(endpoint, requests(), path)
    assert asked.error is None
    assert asked.outcomes == {Outcome.OK: 1, Outcome.ERROR: 3}
    assert [asked_of(openai_server)[text] for text in TEXTS[:4]] == [1, 2, 2, 2]
    failed = [(call["error"], call["attempts"], call["usd"]) for call in asked.calls[1:]]
    assert failed == [(RETRIED[fault], 2, 0)] * 3


def test_a_mix_of_faults_ends_with_one_kept_call_for_each_request(
    openai_server: OpenAIServer, path: Path
) -> None:
    faults = ("server_error", "cut", "bad_json", "stall", "rate_limit", "bad_request", "garbage", "empty")
    openai_server.set_plan(dict.fromkeys(faults, 0.04) | {"stall_seconds": 30, "retry_after_seconds": 0.1})
    endpoint = endpoint_of(openai_server, timeout_seconds=0.8)
    asked = ask(endpoint, requests_of(endpoint, TEXTS), path)
    assert asked.error is None
    assert asked.outcomes.total() == 40
    assert asked.outcomes[Outcome.OK] >= 30
    last = {call["key"]: call for call in asked.calls}
    assert len(last) == 40
    assert Counter(Outcome(call["outcome"]) for call in last.values()) == asked.outcomes
    assert all(call["error"].startswith("http_400") for call in last.values() if call["outcome"] == "error")
    assert set(openai_server.counts()["answered"].values()) == {1}  # nothing good was paid for twice


def test_retry_after_is_a_pause_for_all_and_fewer_are_in_flight_then(
    openai_server: OpenAIServer, path: Path
) -> None:
    openai_server.set_plan({"rate_limit": 1, "retry_after_seconds": 0.7})
    seen: list[int] = []
    endpoint = endpoint_of(openai_server)

    def watch(pool: Pool) -> None:
        if not seen and openai_server.stats()["faults"].get("rate_limit", 0) >= 8:
            openai_server.set_plan({})
        seen.append(pool.concurrency) if openai_server.stats()["faults"] else None

    asked = ask(endpoint, requests_of(endpoint, TEXTS), path, watch=watch)
    arrivals = openai_server.arrivals()
    assert asked.outcomes == {Outcome.OK: 40}
    assert arrivals[8] - arrivals[7] >= 0.65  # nobody asked in between
    assert min(seen) == 5  # seven tenths of 8
    assert seen[-1] > 5
    assert openai_server.stats()["faults"] == {"rate_limit": 8}  # those in flight then, and none later


def test_rate_limits_are_no_failed_attempts(openai_server: OpenAIServer, path: Path) -> None:
    openai_server.set_plan({"rate_limit": 0.5, "retry_after_seconds": 0.01})
    endpoint = endpoint_of(openai_server, max_attempts=1)
    asked = ask(endpoint, requests_of(endpoint, TEXTS[:6]), path)
    assert asked.outcomes == {Outcome.OK: 6}
    assert max(call["attempts"] for call in asked.calls) > 1


def test_requests_a_minute_are_spread(openai_server: OpenAIServer, path: Path) -> None:
    endpoint = endpoint_of(openai_server, rpm=480)  # one in 125 ms, and two at the start
    asked = ask(endpoint, requests_of(endpoint, TEXTS[:8]), path)
    assert asked.outcomes == {Outcome.OK: 8}
    arrivals = openai_server.arrivals()
    assert arrivals[-1] - arrivals[0] > 0.5


def test_tokens_a_minute_are_spread(openai_server: OpenAIServer, path: Path) -> None:
    endpoint = endpoint_of(openai_server, tpm=28_000)  # each request counts some 58 of them: eight a second
    asked = ask(endpoint, requests_of(endpoint, TEXTS[:8]), path)
    assert asked.outcomes == {Outcome.OK: 8}
    arrivals = openai_server.arrivals()
    assert arrivals[-1] - arrivals[0] > 0.5


def test_requests_are_made_when_there_is_room_for_them(openai_server: OpenAIServer, path: Path) -> None:
    endpoint = endpoint_of(openai_server)
    made = 0
    ahead: list[int] = []

    def requests() -> Iterator[Request]:
        nonlocal made
        for request in requests_of(endpoint, TEXTS):
            made += 1
            yield request

    def watch(pool: Pool) -> None:
        ahead.append(made - pool.outcomes.total())

    ask(endpoint, requests(), path, watch=watch)
    assert made == 40
    assert max(ahead) <= endpoint.concurrency + 1  # and the one that waits for a place
