"""What calls cost, over all runs of a home: what a budget counts, what the tables of costs say."""

from collections import Counter

import pytest

from tasks import clock, warehouse
from tasks.errors import BudgetSpent
from tasks.llm.journal import journal_path
from tasks.llm.task import spent_usd
from tasks.refs import Run
from tests.openai_server.process import OpenAIServer
from tests.tasks.llm.asking import ask, endpoint_of, requests_of
from tests.tasks.llm.stage_calls import TEXTS, again, ask_texts, calls


def test_a_budget_counts_all_runs_since_the_last_that_ended_well(
    run: Run, openai_server: OpenAIServer
) -> None:
    ask_texts(run, endpoint_of(openai_server), TEXTS.head(10))
    spent = spent_usd(run)
    assert spent == pytest.approx(calls(run)["usd"].sum())
    assert spent > 0
    with pytest.raises(BudgetSpent):
        ask_texts(again(run, 2), endpoint_of(openai_server), max_usd=spent)
    ask_texts(again(run, 3), endpoint_of(openai_server), max_usd=20 * spent)
    assert set(openai_server.counts()["asked"].values()) == {1}
    total = spent_usd(run)
    for flow in ("estimate", "calibrate", "publish", "withdraw"):  # which are no end of the build
        end_well(run, flow)
    assert spent_usd(run) == total > spent
    end_well(run, "build")
    assert spent_usd(run) == 0


def end_well(run: Run, flow: str) -> None:
    now = clock.utc_now()
    with warehouse.transaction(run.home) as con:
        con.execute(
            "insert into core.runs (run_id, flow, state, started_at, finished_at, settings)"
            " values (?, ?, 'done', ?, ?, '{}')",
            [f"done-{flow}", flow, now, now],
        )


def test_calls_are_dated_by_the_clock_of_their_run(run: Run, openai_server: OpenAIServer) -> None:
    with clock.clock_from("2026-01-05T06:00:00"):
        ask_texts(run, endpoint_of(openai_server), TEXTS.head(3))
    assert {asked_at.date().isoformat() for asked_at in calls(run)["asked_at"]} == {"2026-01-05"}


def test_a_second_round_that_the_budget_stopped_is_due_in_the_next_run(
    run: Run, openai_server: OpenAIServer
) -> None:
    openai_server.set_plan({"garbage": 1})
    ask_texts(run, endpoint_of(openai_server, model="other"))
    both_rounds = spent_usd(run)
    with pytest.raises(BudgetSpent):
        ask_texts(run, endpoint_of(openai_server), max_usd=both_rounds * 1.4)
    kept = calls(run).filter(model="m")
    assert set(kept["outcome"]) == {"unparsable"}
    assert set(ask_texts(again(run, 2), endpoint_of(openai_server), max_usd=both_rounds * 3)["outcome"]) == {
        "unparsable"
    }
    assert set(openai_server.counts()["asked"].values()) == {2}


def test_what_a_killed_process_spent_counts(run: Run, openai_server: OpenAIServer) -> None:
    endpoint = endpoint_of(openai_server)
    killed = ask(endpoint, requests_of(endpoint, TEXTS["text"]), journal_path(run.home, "annotate", "k"))
    with pytest.raises(BudgetSpent):
        ask_texts(again(run, 2), endpoint_of(openai_server, model="other"), max_usd=killed.budget.spent_usd)
    assert Counter(calls(run)["model"]) == {"m": 30}


def test_costs_add_up_to_the_journals(run: Run, openai_server: OpenAIServer) -> None:
    openai_server.set_plan({"garbage": 0.3, "bad_request": 0.2})
    ask_texts(run, endpoint_of(openai_server))
    ask_texts(again(run, 2), endpoint_of(openai_server))
    with warehouse.transaction(run.home) as con:
        costs = con.sql("select * from out.costs").pl()
    assert costs["call_count"].sum() == calls(run).height
    assert costs["usd"].sum() == pytest.approx(spent_usd(run))
    for row in costs.iter_rows(named=True):
        own = calls(run).filter(run_id=row["run_id"])
        assert row["usd"] == pytest.approx(own["usd"].sum())
        assert row["ok_count"] == own.filter(outcome="ok").height
