"""The pool against a server with every fault: what is asked how often, what is kept, what stops it."""

import itertools
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tasks.errors import BudgetSpent, EvergreenError
from tasks.llm.budget import Budget
from tasks.llm.call import Request
from tasks.llm.outcome import Outcome
from tasks.llm.pool import Pool
from tests.openai_server.process import OpenAIServer
from tests.tasks.llm.asking import GARBAGE, PLAIN, ask, endpoint_of, requests_of, server_key

TEXTS = [f"question {number}" for number in range(40)]


@pytest.fixture(scope="module")
def shared() -> Iterator[OpenAIServer]:
    with OpenAIServer(latency=0.01) as server:
        yield server


@pytest.fixture
def server(shared: OpenAIServer) -> OpenAIServer:
    shared.reset()
    return shared


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal" / "annotate" / "run-1.jsonl"


def asked_of(server: OpenAIServer) -> dict[str, int]:
    """How often each text was asked about."""
    asked = server.counts()["asked"]
    return {text: asked.get(server_key(text), 0) for text in TEXTS}


def test_each_request_is_asked_once_and_its_answer_kept(server: OpenAIServer, path: Path) -> None:
    endpoint = endpoint_of(server)
    asked = ask(endpoint, requests_of(endpoint, TEXTS), path)
    assert asked.error is None
    assert asked.outcomes == {Outcome.OK: 40}
    assert set(asked_of(server).values()) == {1}
    assert {call["key"] for call in asked.calls} == {
        request.key for request in requests_of(endpoint, TEXTS)
    }
    assert {call["attempts"] for call in asked.calls} == {1}
    assert asked.budget.spent_usd == pytest.approx(sum(call["usd"] for call in asked.calls))
    assert 1 < server.stats()["max_in_flight"] <= endpoint.concurrency


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
    server: OpenAIServer, path: Path, fault: str
) -> None:
    outcome, error, times, has_text = CONTENT[fault]
    server.set_plan({fault: 1})
    endpoint = endpoint_of(server)
    asked = ask(endpoint, requests_of(endpoint, TEXTS[:6]), path)
    assert asked.error is None
    assert asked.outcomes == {Outcome(outcome): 6}
    assert asked_of(server) == {text: times if text in TEXTS[:6] else 0 for text in TEXTS}
    rounds = Counter(call["round"] for call in asked.calls)
    assert rounds == dict.fromkeys(range(1, times + 1), 6)
    assert {(call["outcome"], call["error"], bool(call["text"])) for call in asked.calls} == {
        (outcome, error, has_text)
    }


def test_a_second_round_that_helps_is_an_answer(server: OpenAIServer, path: Path) -> None:
    server.set_plan({"garbage": 0.5})
    endpoint = endpoint_of(server)
    asked = ask(endpoint, requests_of(endpoint, TEXTS), path)
    first = {call["key"]: call["outcome"] for call in asked.calls if call["round"] == 1}
    second = {call["key"]: call["outcome"] for call in asked.calls if call["round"] == 2}
    assert set(second) == {key for key, outcome in first.items() if outcome == "unparsable"}
    assert set(second.values()) == {"ok", "unparsable"}
    assert asked.outcomes == Counter(Outcome(outcome) for outcome in (first | second).values())
    assert all(
        call["text"].startswith(GARBAGE) for call in asked.calls if call["outcome"] == "unparsable"
    )


RETRIED = {
    "server_error": "http_500:server_error",
    "cut": "connection",
    "bad_json": "bad_json",
    "stall": "timeout",
}


@pytest.mark.parametrize("fault", RETRIED)
def test_a_request_that_keeps_failing_is_tried_so_often_and_no_more(
    server: OpenAIServer, path: Path, fault: str
) -> None:
    server.set_plan({fault: 1, "stall_seconds": 30})
    endpoint = endpoint_of(server, max_attempts=2, timeout_seconds=0.5)
    asked = ask(endpoint, requests_of(endpoint, TEXTS[:8]), path)
    assert asked.error is None
    assert asked.outcomes == {Outcome.ERROR: 8}
    assert [asked_of(server)[text] for text in TEXTS[:8]] == [2] * 8
    assert {(call["error"], call["attempts"], call["usd"]) for call in asked.calls} == {
        (RETRIED[fault], 2, 0)
    }


def test_a_mix_of_faults_ends_with_one_kept_call_for_each_request(
    server: OpenAIServer, path: Path
) -> None:
    faults = ("server_error", "cut", "bad_json", "stall", "rate_limit", "bad_request", "garbage", "empty")
    server.set_plan(dict.fromkeys(faults, 0.04) | {"stall_seconds": 30, "retry_after_seconds": 0.1})
    endpoint = endpoint_of(server, timeout_seconds=0.8)
    asked = ask(endpoint, requests_of(endpoint, TEXTS), path)
    assert asked.error is None
    assert asked.outcomes.total() == 40
    assert asked.outcomes[Outcome.OK] >= 30
    last = {call["key"]: call for call in asked.calls}
    assert len(last) == 40
    assert Counter(Outcome(call["outcome"]) for call in last.values()) == asked.outcomes
    assert all(call["error"].startswith("http_400") for call in last.values() if call["outcome"] == "error")
    assert set(server.counts()["answered"].values()) == {1}  # nothing good was paid for twice


def test_retry_after_is_a_pause_for_all_and_fewer_are_in_flight_then(
    server: OpenAIServer, path: Path
) -> None:
    server.set_plan({"rate_limit": 1, "retry_after_seconds": 2})
    seen: list[int] = []
    endpoint = endpoint_of(server)

    def watch(pool: Pool) -> None:
        if not seen and server.stats()["faults"].get("rate_limit", 0) >= 8:
            server.set_plan({})
        seen.append(pool.concurrency) if server.stats()["faults"] else None

    asked = ask(endpoint, requests_of(endpoint, TEXTS), path, watch=watch)
    arrivals = server.arrivals()
    assert asked.outcomes == {Outcome.OK: 40}
    gaps = [after - before for before, after in itertools.pairwise(arrivals)]
    assert max(gaps) >= 1.9  # nobody asked in between
    assert len([gap for gap in gaps if gap > 0.5]) == 1
    assert min(seen) == 5  # seven tenths of 8
    assert seen[-1] > 5
    assert server.stats()["faults"] == {"rate_limit": 8}  # those in flight then, and none later


def test_rate_limits_are_no_failed_attempts(server: OpenAIServer, path: Path) -> None:
    server.set_plan({"rate_limit": 0.5, "retry_after_seconds": 0.01})
    endpoint = endpoint_of(server, max_attempts=1)
    asked = ask(endpoint, requests_of(endpoint, TEXTS[:6]), path)
    assert asked.outcomes == {Outcome.OK: 6}
    assert max(call["attempts"] for call in asked.calls) > 1


FATAL: dict[str, tuple[dict[str, Any], dict[str, Any], str]] = {
    "no credit": ({}, {"quota_after": 10}, r"http_429:insufficient_quota: the account has no credit left"),
    "key": ({"api_key": "other"}, {}, r"http_401:\w+: the key was not accepted"),
    "model": ({"models": "other"}, {}, r"http_404:model_not_found: the server knows no such model"),
}


@pytest.mark.parametrize("case", FATAL)
def test_what_hits_every_request_stops_at_once_with_all_that_was_answered(path: Path, case: str) -> None:
    options, plan, message = FATAL[case]
    with OpenAIServer(latency=0.02, **options) as server:
        server.set_plan(plan)
        endpoint = endpoint_of(server)
        asked = ask(endpoint, requests_of(endpoint, TEXTS), path)
        answered = server.counts()["answered"]
        assert server.stats()["requests"] <= len(answered) + 2 * endpoint.concurrency
    with pytest.raises(EvergreenError, match=rf"endpoint loopback: {message}.*so far is kept") as raised:
        raise asked.error or AssertionError("it did not stop")
    assert raised.value.exit_code == 1
    assert len(asked.calls) == len(answered)
    assert 0 <= len(answered) - plan.get("quota_after", 0) < endpoint.concurrency  # those in flight then
    assert {call["outcome"] for call in asked.calls} <= {"ok"}  # what was not answered is left for the next run


def test_a_bad_prompt_never_stops_the_others(server: OpenAIServer, path: Path) -> None:
    server.set_plan({"bad_request": 0.5, "persistent": True})
    endpoint = endpoint_of(server)
    asked = ask(endpoint, requests_of(endpoint, TEXTS), path)
    assert asked.error is None
    assert 5 < asked.outcomes[Outcome.ERROR] < 35
    assert asked.outcomes.total() == 40
    assert set(asked_of(server).values()) == {1}
    assert "question" not in path.read_text()


def test_fifty_errors_in_a_row_are_a_server_that_is_down(server: OpenAIServer, path: Path) -> None:
    server.set_plan({"server_error": 1})
    endpoint = endpoint_of(server, max_attempts=1)
    asked = ask(endpoint, requests_of(endpoint, (f"question {number}" for number in range(1_000))), path)
    with pytest.raises(EvergreenError, match="50 calls in a row failed, the last one with http_500"):
        raise asked.error or AssertionError("it did not stop")
    assert 50 <= server.stats()["requests"] <= 50 + endpoint.concurrency


def test_errors_that_answers_interrupt_are_not_in_a_row(server: OpenAIServer, path: Path) -> None:
    server.set_plan({"bad_request": 0.8})
    endpoint = endpoint_of(server)
    asked = ask(endpoint, requests_of(endpoint, (f"question {number}" for number in range(300))), path)
    assert asked.error is None
    assert asked.outcomes[Outcome.ERROR] > 200


def cost_of_one(server: OpenAIServer, path: Path) -> float:
    """USD of the dearest answer to one of the texts."""
    endpoint = endpoint_of(server)
    asked = ask(endpoint, requests_of(endpoint, TEXTS), path)
    server.reset()
    return max(call["usd"] for call in asked.calls)


def test_a_budget_stops_before_it_is_passed_and_a_higher_one_goes_on(
    server: OpenAIServer, path: Path
) -> None:
    dearest = cost_of_one(server, path.with_name("other.jsonl"))
    endpoint = endpoint_of(server)
    requests = list(requests_of(endpoint, TEXTS))
    limit = 20 * dearest
    asked = ask(endpoint, requests, path, Budget(limit, 0))
    assert isinstance(asked.error, BudgetSpent)
    first = asked.calls
    spent = sum(call["usd"] for call in first)
    assert asked.budget.spent_usd == pytest.approx(spent)
    # The first calls were set aside with the longest answer, later ones with the mean: neither is far off.
    assert limit / 2 < spent <= limit + endpoint.concurrency * dearest
    answered = {call["key"] for call in first}
    rest = [request for request in requests if request.key not in answered]
    more = ask(endpoint, rest, path, Budget(100 * dearest, spent))
    assert more.error is None
    assert set(asked_of(server).values()) == {1}
    assert len(more.calls) == 40


def test_errors_do_not_make_answers_look_cheap(server: OpenAIServer, path: Path) -> None:
    dearest = cost_of_one(server, path.with_name("other.jsonl"))
    server.set_plan({"bad_request": 0.85})
    endpoint = endpoint_of(server, concurrency=16)
    texts = (f"question {number}" for number in range(1_000))
    asked = ask(endpoint, requests_of(endpoint, texts), path, Budget(20 * dearest, 0))
    assert isinstance(asked.error, BudgetSpent)
    assert sum(call["usd"] for call in asked.calls) <= 20 * dearest * 1.1


def test_a_budget_that_is_spent_already_asks_nothing(server: OpenAIServer, path: Path) -> None:
    endpoint = endpoint_of(server)
    asked = ask(endpoint, requests_of(endpoint, TEXTS), path, Budget(0.01, 0.01))
    assert isinstance(asked.error, BudgetSpent)
    assert server.stats()["requests"] == 0
    assert path.read_bytes() == b""


def test_requests_a_minute_are_spread(server: OpenAIServer, path: Path) -> None:
    endpoint = endpoint_of(server, rpm=240)  # one in 250 ms, and two at the start
    asked = ask(endpoint, requests_of(endpoint, TEXTS[:8]), path)
    assert asked.outcomes == {Outcome.OK: 8}
    arrivals = server.arrivals()
    assert arrivals[-1] - arrivals[0] > 1.0


def test_tokens_a_minute_are_spread(server: OpenAIServer, path: Path) -> None:
    endpoint = endpoint_of(server, tpm=14_000)  # each request counts some 58 of them: four a second
    asked = ask(endpoint, requests_of(endpoint, TEXTS[:8]), path)
    assert asked.outcomes == {Outcome.OK: 8}
    arrivals = server.arrivals()
    assert arrivals[-1] - arrivals[0] > 1.0


def test_requests_are_made_when_there_is_room_for_them(server: OpenAIServer, path: Path) -> None:
    endpoint = endpoint_of(server)
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


def read_with_fault(answer: str) -> Outcome:
    raise ZeroDivisionError("a fault of ours")


def test_a_fault_of_ours_does_not_end_in_silence(server: OpenAIServer, path: Path) -> None:
    endpoint = endpoint_of(server)
    with pytest.raises(ZeroDivisionError):
        ask(endpoint, requests_of(endpoint, TEXTS), path, read=read_with_fault)
    assert server.stats()["requests"] <= endpoint.concurrency


def test_requests_that_cannot_be_made_leave_no_answer_behind(server: OpenAIServer, path: Path) -> None:
    endpoint = endpoint_of(server)

    def requests() -> Iterator[Request]:
        yield from requests_of(endpoint, TEXTS[:5])
        raise ZeroDivisionError("a fault of ours")

    with pytest.raises(ZeroDivisionError):
        ask(endpoint, requests(), path)
    assert len(path.read_bytes().splitlines()) == len(server.counts()["answered"]) == 5


def test_a_full_disk_stops_with_the_name_of_the_file(server: OpenAIServer, path: Path) -> None:
    path.parent.mkdir(parents=True)
    path.symlink_to("/dev/full")
    endpoint = endpoint_of(server)
    with pytest.raises(EvergreenError, match=rf"No space left on device: {path}"):
        raise ask(endpoint, requests_of(endpoint, TEXTS), path).error or AssertionError("it did not stop")
    assert server.stats()["requests"] <= 2 * endpoint.concurrency


def test_what_waits_when_it_stops_is_given_up_at_once(server: OpenAIServer, path: Path) -> None:
    server.set_plan({"server_error": 0.5, "quota": 0.02})
    endpoint = endpoint_of(server, max_attempts=20)
    started = time.monotonic()
    asked = ask(endpoint, requests_of(endpoint, (f"question {number}" for number in range(1_000))), path)
    assert isinstance(asked.error, EvergreenError)
    assert time.monotonic() - started < 60  # ten failures in a row would wait minutes
    answered = sum(server.counts()["answered"].values())
    assert len([call for call in asked.calls if call["outcome"] == "ok"]) == answered


def test_nothing_that_a_server_says_is_kept(
    path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOOPBACK_KEY", "sk-secret-key")
    with OpenAIServer(api_key="other") as server, caplog.at_level("DEBUG", "tasks"):
        endpoint = endpoint_of(server, api_key_env="LOOPBACK_KEY")
        asked = ask(endpoint, requests_of(endpoint, ["a secret prompt"]), path)
    assert asked.error
    assert "secret" not in f"{asked.error} {asked.error!r} {caplog.text} {path.read_text()}"


