"""Prices: what METHOD.md and the price list say a call costs."""

import pytest

from tasks.errors import InputError
from tasks.llm.endpoint import Endpoint, Price, load
from tasks.llm.price import require_price, usd


def test_a_pass_of_gpt_4_turbo_costs_what_the_price_list_says() -> None:
    price = require_price(load()["gpt-4-turbo"])
    # 200,000 prompts of 600 tokens with their instruction, answered in 50.
    assert usd(price, 200_000 * 600, 0, 200_000 * 50, "sync") == pytest.approx(1_500)


def test_batch_and_flex_cost_half() -> None:
    price = Price(input=2, cached_input=1, output=8)
    whole = usd(price, 1_000_000, 500_000, 1_000_000, "sync")
    assert whole == pytest.approx(1 + 0.5 + 8)
    assert usd(price, 1_000_000, 500_000, 1_000_000, "batch") == pytest.approx(whole / 2)
    assert usd(price, 1_000_000, 500_000, 1_000_000, "flex") == pytest.approx(whole / 2)


def test_a_server_that_reports_more_cached_than_input_costs_no_less_than_its_input() -> None:
    assert usd(Price(input=2, cached_input=1), 10, 1_000, 0, "sync") == pytest.approx(10 / 1_000_000)


def test_a_missing_price_matters_only_to_a_budget() -> None:
    endpoint = Endpoint(name="mine", model="m")
    assert usd(endpoint.price, 1_000, 0, 1_000, "sync") == 0
    with pytest.raises(InputError, match="endpoint mine: a budget needs its price"):
        require_price(endpoint)
    assert require_price(Endpoint(name="own", model="m", price=Price())) == Price()
