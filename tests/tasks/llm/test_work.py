"""The record of a call: how replies of every kind end, what they cost, what is sent in the second round."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest

from tasks.llm.call import Reply, Request
from tasks.llm.client import CHAT
from tasks.llm.endpoint import Endpoint, Price
from tasks.llm.outcome import Outcome
from tasks.llm.work import Work, is_asked_again
from tests.tasks.llm.asking import GARBAGE, PLAIN

PRICE = Price(input=1.0, cached_input=0.5, output=2.0)
REQUEST = Request("key", PLAIN.body("why?"), 100, 50)
REPLY = Reply("because", "stop", "", "gpt-4o-mini-2024-07-18", 90, 40, 7)


def work_of(**fields: Any) -> Work:
    usual = {"name": "e", "model": "gpt-4o-mini", "price": PRICE}
    return Work("annotate", "run-1", Endpoint(**{**usual, **fields}), CHAT, PLAIN.read)


def outcome_of(work: Work | None = None, **fields: Any) -> Outcome:
    return (work or work_of()).record(REQUEST, replace(REPLY, **fields), 1.0, 1).outcome


def test_a_reply_is_kept_with_its_price_and_its_time() -> None:
    before = datetime.now(UTC).replace(tzinfo=None)
    call = work_of().record(REQUEST, REPLY, 1.23456, 3)
    assert (call.key, call.stage, call.run_id, call.endpoint, call.mode) == (
        "key",
        "annotate",
        "run-1",
        "e",
        "sync",
    )
    assert (call.outcome, call.text, call.error) == (Outcome.OK, "because", "")
    assert (call.model, call.round, call.attempts, call.latency_seconds) == (
        "gpt-4o-mini-2024-07-18",
        1,
        3,
        1.2346,
    )
    assert (call.input_tokens, call.cached_tokens, call.output_tokens) == (90, 40, 7)
    assert call.usd == pytest.approx((50 * 1.0 + 40 * 0.5 + 7 * 2.0) / 1e6)
    assert abs((datetime.fromisoformat(call.asked_at) - before).total_seconds()) < 60


def test_two_calls_of_a_key_are_two_calls() -> None:
    assert (
        work_of().record(REQUEST, REPLY, 1.0, 1).call_id != work_of().record(REQUEST, REPLY, 1.0, 1).call_id
    )


@pytest.mark.parametrize("mode", ["flex", "batch"])
def test_patience_halves_the_price(mode: str) -> None:
    full, half = (work.record(REQUEST, REPLY, 1.0, 1).usd for work in (work_of(), work_of(mode=mode)))
    assert half == pytest.approx(full / 2)
    assert work_of(mode=mode).cost(REQUEST, 50) == pytest.approx(work_of().cost(REQUEST, 50) / 2)


def test_an_expected_cost_is_that_of_all_input_and_the_expected_answer() -> None:
    assert work_of().cost(REQUEST, 20) == pytest.approx((100 + 2 * 20) / 1e6)
    assert work_of(price=None).cost(REQUEST, 20) == 0


@pytest.mark.parametrize(
    ("fields", "outcome"),
    [
        ({}, Outcome.OK),
        ({"text": ""}, Outcome.EMPTY),
        ({"text": " \n"}, Outcome.EMPTY),
        ({"text": "", "refusal": "I'd rather not."}, Outcome.REFUSED),
        ({"finish_reason": "content_filter"}, Outcome.REFUSED),
        ({"finish_reason": "content_filter", "text": ""}, Outcome.REFUSED),
        ({"finish_reason": "length"}, Outcome.TRUNCATED),
        ({"finish_reason": "length", "text": ""}, Outcome.TRUNCATED),
        ({"text": f"{GARBAGE} Here it is"}, Outcome.UNPARSABLE),
        ({"model": "gpt-4o"}, Outcome.ERROR),
        ({"model": ""}, Outcome.ERROR),
    ],
)
def test_each_reply_ends_in_one_way(fields: dict[str, Any], outcome: Outcome) -> None:
    assert outcome_of(**fields) is outcome


def test_a_failure_keeps_the_words_that_came_and_their_price() -> None:
    call = work_of().record(REQUEST, replace(REPLY, text="", refusal="I'd rather not."), 1.0, 1)
    assert call.text == "I'd rather not."
    assert call.usd > 0


def test_an_answer_of_another_model_is_an_error_that_says_so_and_has_its_price() -> None:
    call = work_of().record(REQUEST, replace(REPLY, model="gpt-4"), 1.0, 1)
    assert (call.outcome, call.error, call.model) == (Outcome.ERROR, "wrong_model", "gpt-4")
    assert call.usd > 0


@pytest.mark.parametrize(
    ("served_as", "model", "outcome"),
    [
        ("*", "anything", Outcome.OK),
        ("*", "", Outcome.OK),
        ("llama", "llama-8b-q4", Outcome.OK),
        ("llama", "gpt-4o-mini", Outcome.ERROR),
    ],
)
def test_a_server_may_have_another_name_for_the_model(served_as: str, model: str, outcome: Outcome) -> None:
    assert outcome_of(work_of(served_as=served_as), model=model) is outcome


def test_vectors_need_no_text() -> None:
    assert outcome_of(text="", vectors=np.zeros((1, 2), np.float32)) is Outcome.OK
    assert outcome_of(text="", vectors=np.zeros((1, 2), np.float32), model="other") is Outcome.ERROR


def test_a_server_that_reports_no_tokens_is_charged_by_our_count() -> None:
    silent = replace(REPLY, input_tokens=0, cached_tokens=0, output_tokens=0, text="one two three")
    call = work_of().record(REQUEST, silent, 1.0, 1)
    assert (call.input_tokens, call.output_tokens) == (100, 3)
    assert call.usd == pytest.approx((100 + 2 * 3) / 1e6)
    assert work_of().record(REQUEST, replace(silent, text=""), 1.0, 1).output_tokens == 0


def test_a_failed_request_costs_nothing_and_has_no_text() -> None:
    call = work_of().failed(replace(REQUEST, round=2), "http_500", 1.0, 6)
    assert (call.outcome, call.error, call.text, call.usd, call.round, call.attempts) == (
        Outcome.ERROR,
        "http_500",
        "",
        0,
        2,
        6,
    )


def test_the_second_round_has_twice_the_room_and_is_the_same_question_else() -> None:
    second = replace(REQUEST, round=2)
    assert work_of().body(REQUEST) == {"model": "gpt-4o-mini", **PLAIN.body("why?")}
    assert work_of().body(second) == {**work_of().body(REQUEST), "max_tokens": 100}
    assert second.body["max_tokens"] == 50  # the request itself is as it was
    thinking = replace(second, body={"messages": [], "max_completion_tokens": 600})
    assert work_of().body(thinking)["max_completion_tokens"] == 1200


def test_flex_is_asked_for() -> None:
    assert work_of(mode="flex").body(REQUEST)["service_tier"] == "flex"
    assert "service_tier" not in work_of(mode="sync").body(REQUEST)


@pytest.mark.parametrize("outcome", Outcome)
def test_only_what_cannot_be_used_is_asked_again_and_only_once(outcome: Outcome) -> None:
    call = work_of().failed(REQUEST, "", 1.0, 1)
    again = outcome in {Outcome.UNPARSABLE, Outcome.TRUNCATED}
    assert is_asked_again(replace(call, outcome=outcome)) is again
    assert not is_asked_again(replace(call, outcome=outcome, round=2))
