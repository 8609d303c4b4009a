"""The sum that a run may spend."""

import pytest

from tasks.errors import BudgetSpent
from tasks.llm.budget import Budget


def test_what_is_set_aside_counts_until_it_is_settled() -> None:
    budget = Budget(1.0, 0.0)
    budget.reserve(0.6)
    with pytest.raises(BudgetSpent):
        budget.reserve(0.6)
    budget.settle(0.6, 0.2)  # it cost less
    budget.reserve(0.6)
    assert budget.spent_usd == 0.2


def test_what_earlier_runs_spent_counts() -> None:
    with pytest.raises(BudgetSpent) as raised:
        Budget(1.0, 0.9).reserve(0.2)
    assert raised.value.exit_code == 4
    assert "1 USD" in str(raised.value)
    assert "0.9000 USD" in str(raised.value)
    assert "--max-usd" in str(raised.value)


def test_the_whole_limit_may_be_spent() -> None:
    Budget(1.0, 0.5).reserve(0.5)


def test_a_refused_call_sets_nothing_aside() -> None:
    budget = Budget(1.0, 0.0)
    with pytest.raises(BudgetSpent):
        budget.reserve(1.5)
    budget.reserve(1.0)


def test_a_limit_that_was_passed_refuses_everything_but_what_is_free() -> None:
    budget = Budget(1.0, 1.0)
    budget.reserve(0.0)
    with pytest.raises(BudgetSpent):
        budget.reserve(0.000001)


def test_without_a_limit_anything_goes() -> None:
    budget = Budget(0.0, 1e6)
    budget.reserve(1e9)
    budget.settle(1e9, 5.0)
    assert budget.spent_usd == 1e6 + 5.0
