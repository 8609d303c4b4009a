"""What stops the pool, and what is kept then: fatal answers, a spent budget, a full disk, faults of ours."""

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tasks.errors import BudgetSpent, EvergreenError
from tasks.llm import reach
from tasks.llm.budget import Budget
from tasks.llm.call import Request
from tasks.llm.outcome import Outcome
from tests.openai_server.process import OpenAIServer
from tests.plugins.models import Servers
from tests.tasks.llm.asking import TEXTS, ask, asked_of, endpoint_of, requests_of

FATAL: dict[str, tuple[dict[str, Any], dict[str, Any], str]] = {
    "no credit": (
        {"latency": 0.01},
        {"quota_after": 10},
        r"http_429:insufficient_quota: the account has no credit left",
    ),
    "key": ({"api_key": "another"}, {}, r"http_401:\w+: the key was not accepted"),
    "model": ({"models": "gpt-4-turbo"}, {}, r"http_404:model_not_found: the server knows no such model"),
}


@pytest.mark.parametrize("case", FATAL)
def test_what_hits_every_request_stops_at_once_with_all_that_was_answered(
    openai_servers: Servers, path: Path, case: str
) -> None:
    options, plan, message = FATAL[case]
    openai_server = openai_servers(**options)
    openai_server.set_plan(plan)
    endpoint = endpoint_of(openai_server)
    asked = ask(endpoint, requests_of(endpoint, TEXTS), path)
    answered = openai_server.counts()["answered"]
    assert openai_server.stats()["requests"] <= len(answered) + 2 * endpoint.concurrency
    with pytest.raises(EvergreenError, match=rf"endpoint loopback: {message}.*so far is kept") as raised:
        raise asked.error or AssertionError("it did not stop")
    assert raised.value.exit_code == 1
    assert len(asked.calls) == len(answered)
    assert 0 <= len(answered) - plan.get("quota_after", 0) < endpoint.concurrency  # those in flight then
    # What was not answered is left for the next run.
    assert {call["outcome"] for call in asked.calls} <= {"ok"}


def test_a_bad_prompt_never_stops_the_others(openai_server: OpenAIServer, path: Path) -> None:
    openai_server.set_plan({"bad_request": 0.5, "persistent": True})
    endpoint = endpoint_of(openai_server)
    asked = ask(endpoint, requests_of(endpoint, TEXTS), path)
    assert asked.error is None
    assert 5 < asked.outcomes[Outcome.ERROR] < 35
    assert asked.outcomes.total() == 40
    assert set(asked_of(openai_server).values()) == {1}
    assert "question" not in path.read_text()


def test_fifty_errors_in_a_row_are_a_server_that_is_down(openai_server: OpenAIServer, path: Path) -> None:
    openai_server.set_plan({"server_error": 1})
    endpoint = endpoint_of(openai_server, max_attempts=1)
    asked = ask(endpoint, requests_of(endpoint, (f"question {number}" for number in range(1_000))), path)
    with pytest.raises(EvergreenError, match="50 calls in a row failed, the last one with http_500"):
        raise asked.error or AssertionError("it did not stop")
    assert 50 <= openai_server.stats()["requests"] <= 50 + endpoint.concurrency


def test_another_model_that_answers_everything_is_named_before_it_costs_much(
    openai_server: OpenAIServer, path: Path
) -> None:
    openai_server.set_plan({"wrong_model": 1})
    endpoint = endpoint_of(openai_server)
    asked = ask(endpoint, requests_of(endpoint, TEXTS), path)
    with pytest.raises(EvergreenError, match=r"wrong_model: \S+ answers; .*set served_as"):
        raise asked.error or AssertionError("it did not stop")
    assert openai_server.stats()["requests"] <= 10 + endpoint.concurrency


def test_errors_that_answers_interrupt_are_not_in_a_row(openai_server: OpenAIServer, path: Path) -> None:
    openai_server.set_plan({"bad_request": 0.8})
    endpoint = endpoint_of(openai_server)
    asked = ask(endpoint, requests_of(endpoint, (f"question {number}" for number in range(300))), path)
    assert asked.error is None
    assert asked.outcomes[Outcome.ERROR] > 200


@pytest.mark.timeout(60)
@pytest.mark.parametrize("fault", ["no server", "cut"])
def test_a_server_that_nobody_reaches_is_named_soon(
    openai_server: OpenAIServer, path: Path, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    monkeypatch.setattr(reach, "UNREACHED_SECONDS", 1.0)
    openai_server.set_plan({"cut": 1})  # as a forwarded port does whose server is down
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))  # it refuses connections, and no one else gets it
        url = (
            f"http://127.0.0.1:{closed.getsockname()[1]}/v1"
            if fault == "no server"
            else openai_server.base_url
        )
        endpoint = endpoint_of(openai_server, base_url=url, max_attempts=1)
        asked = ask(endpoint, requests_of(endpoint, TEXTS), path)
    host = url.removeprefix("http://").removesuffix("/v1")
    with pytest.raises(
        EvergreenError, match=f"endpoint loopback: no connection to {host} for 1 s; is the server"
    ):
        raise asked.error or AssertionError("it did not stop")
    assert asked.calls == []  # nothing was asked: the next run does


def test_a_server_that_is_slow_to_start_is_waited_for(path: Path) -> None:
    with OpenAIServer(start_delay=1) as openai_server:
        endpoint = endpoint_of(openai_server, max_attempts=1)
        asked = ask(endpoint, requests_of(endpoint, TEXTS), path)
    assert asked.error is None
    assert asked.outcomes == {Outcome.OK: 40}


def cost_of_one(openai_server: OpenAIServer, path: Path) -> float:
    """USD of the dearest answer to one of the texts."""
    endpoint = endpoint_of(openai_server)
    asked = ask(endpoint, requests_of(endpoint, TEXTS), path)
    openai_server.reset()
    return max(call["usd"] for call in asked.calls)


def test_a_budget_stops_before_it_is_passed_and_a_higher_one_goes_on(
    openai_server: OpenAIServer, path: Path
) -> None:
    dearest = cost_of_one(openai_server, path.with_name("other.jsonl"))
    endpoint = endpoint_of(openai_server)
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
    assert set(asked_of(openai_server).values()) == {1}
    assert len(more.calls) == 40


def test_a_second_round_takes_its_money_before_it_is_asked(openai_server: OpenAIServer, path: Path) -> None:
    endpoint = endpoint_of(openai_server)
    openai_server.set_plan({"garbage": 1})
    cost = ask(endpoint, requests_of(endpoint, TEXTS), path.with_name("other.jsonl")).budget.spent_usd
    asked = ask(endpoint, requests_of(endpoint, TEXTS), path, Budget(cost / 4, 0))
    assert isinstance(asked.error, BudgetSpent)
    assert cost / 8 < sum(call["usd"] for call in asked.calls) <= cost / 4 * 1.1
    assert {call["round"] for call in asked.calls} == {1, 2}
    enough = ask(endpoint, requests_of(endpoint, TEXTS), path.with_name("more.jsonl"), Budget(cost * 1.1, 0))
    assert enough.error is None
    assert len(enough.calls) == 80  # those that had to wait for money in flight were asked in the end


def test_errors_do_not_make_answers_look_cheap(openai_server: OpenAIServer, path: Path) -> None:
    dearest = cost_of_one(openai_server, path.with_name("other.jsonl"))
    openai_server.set_plan({"bad_request": 0.85})
    endpoint = endpoint_of(openai_server, concurrency=16)
    texts = (f"question {number}" for number in range(1_000))
    asked = ask(endpoint, requests_of(endpoint, texts), path, Budget(20 * dearest, 0))
    assert isinstance(asked.error, BudgetSpent)
    assert sum(call["usd"] for call in asked.calls) <= 20 * dearest * 1.1


def test_a_budget_that_is_spent_already_asks_nothing(openai_server: OpenAIServer, path: Path) -> None:
    endpoint = endpoint_of(openai_server)
    asked = ask(endpoint, requests_of(endpoint, TEXTS), path, Budget(0.01, 0.01))
    assert isinstance(asked.error, BudgetSpent)
    assert openai_server.stats()["requests"] == 0
    assert path.read_bytes() == b""


def read_with_fault(answer: str) -> Outcome:
    raise ZeroDivisionError("a fault of ours")


def test_a_fault_of_ours_does_not_end_in_silence(openai_server: OpenAIServer, path: Path) -> None:
    endpoint = endpoint_of(openai_server)
    with pytest.raises(ZeroDivisionError):
        ask(endpoint, requests_of(endpoint, TEXTS), path, read=read_with_fault)
    assert openai_server.stats()["requests"] <= endpoint.concurrency


def test_requests_that_cannot_be_made_leave_no_answer_behind(openai_server: OpenAIServer, path: Path) -> None:
    endpoint = endpoint_of(openai_server)

    def requests() -> Iterator[Request]:
        yield from requests_of(endpoint, TEXTS[:20])
        raise ZeroDivisionError("a fault of ours")

    with pytest.raises(ZeroDivisionError):
        ask(endpoint, requests(), path)
    assert len(path.read_bytes().splitlines()) == len(openai_server.counts()["answered"]) >= 12


def test_a_full_disk_stops_with_the_name_of_the_file(openai_server: OpenAIServer, path: Path) -> None:
    path.parent.mkdir(parents=True)
    path.symlink_to("/dev/full")
    endpoint = endpoint_of(openai_server)
    with pytest.raises(EvergreenError, match=rf"No space left on device: {path}"):
        raise ask(endpoint, requests_of(endpoint, TEXTS), path).error or AssertionError("it did not stop")
    assert openai_server.stats()["requests"] <= 2 * endpoint.concurrency


@pytest.mark.timeout(60)  # who has failed ten times in a row would wait for minutes
def test_what_waits_when_it_stops_is_given_up_at_once(openai_server: OpenAIServer, path: Path) -> None:
    openai_server.set_plan({"server_error": 0.5, "quota": 0.02})
    endpoint = endpoint_of(openai_server, max_attempts=20)
    asked = ask(endpoint, requests_of(endpoint, (f"question {number}" for number in range(1_000))), path)
    assert isinstance(asked.error, EvergreenError)
    answered = sum(openai_server.counts()["answered"].values())
    assert len([call for call in asked.calls if call["outcome"] == "ok"]) == answered


def test_nothing_that_a_server_says_is_kept(
    openai_servers: Servers,
    path: Path,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LOOPBACK_KEY", "sk-secret-key")
    openai_server = openai_servers(api_key="another")
    with caplog.at_level("DEBUG", "tasks"):
        endpoint = endpoint_of(openai_server, api_key_env="LOOPBACK_KEY")
        asked = ask(endpoint, requests_of(endpoint, ["a secret prompt"]), path)
    assert asked.error
    assert "secret" not in f"{asked.error} {asked.error!r} {caplog.text} {path.read_text()}"
