"""Annotations by a model: each prompt ends in one of six ways, and only an answer that is ok has a score."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from tasks import warehouse
from tasks.annotate import rubric
from tasks.annotate.criteria import CRITERIA
from tasks.annotate.rubric import Format, RubricTemplate
from tasks.annotate.task import annotate
from tasks.errors import BudgetSpent, EvergreenError, InputError
from tasks.refs import Ref, Run
from tasks.settings import AnnotateSettings, LlmSettings
from tests.openai_server.criteria import criteria
from tests.openai_server.process import OpenAIServer
from tests.plugins.models import Servers
from tests.tasks.llm.asking import write_endpoints
from tests.tasks.prompts import HomeOf

Annotate = Callable[..., Ref]
PROMPTS = {f"{n:02d}": f"Plan the garden of house number {n} and say what it costs." for n in range(40)}
TOPICS = Ref(stage="topics", table="core.topics", key="tax-1", rows=4)
CHEAP, GOOD = "gpt-3.5-turbo", "gpt-4-turbo"


@pytest.fixture
def server(openai_servers: Servers) -> OpenAIServer:
    return openai_servers()


@pytest.fixture
def run(home_of: HomeOf) -> Run:
    """A home of forty prompts in four topics; the last prompt has none."""
    run = home_of(PROMPTS)
    with warehouse.transaction(run.home) as con:
        con.execute(
            "insert into core.prompt_topics (taxonomy_id, prompt_id, topic_id, assigned_by, x, y)"
            " select 'tax-1', prompt_id, if(prompt_id < '39', cast(prompt_id as int) // 10, null),"
            " 'cluster', 0, 0 from core.prompts"
        )
    return run


@pytest.fixture
def mark(server: OpenAIServer, eligible: Ref, tmp_path: Path) -> Annotate:
    """Runs the stage; the fields of both endpoints may be other than usual."""

    def run_stage(run: Run, fields: dict[str, Any] | None = None, max_usd: float = 0, **settings: Any) -> Ref:
        path = write_endpoints(tmp_path, server, **{CHEAP: fields or {}, GOOD: fields or {}})
        chosen = AnnotateSettings(**{"annotator": CHEAP, **settings})
        ref: Ref = annotate.fn(run, eligible, TOPICS, chosen, LlmSettings(endpoints=path, max_usd=max_usd))
        return ref

    return run_stage


def annotations(run: Run, ref: Ref) -> pl.DataFrame:
    with warehouse.transaction(run.home) as con:
        query = "select * from core.annotations where annotator = ? order by prompt_id"
        return con.execute(query, [ref.key]).pl()


def expected(model: str, prompt: str, format: Format, json_schema: bool) -> list[bool]:
    """What the server thinks of a prompt, from the very words that it gets."""
    template = RubricTemplate(rubric.load("criteria-1"), format, json_schema)
    held = criteria(model, template.body(prompt)["messages"][-1]["content"])
    return [number in held for number in range(1, 8)]


@pytest.mark.parametrize("json_schema", [True, False])
@pytest.mark.parametrize("format", ["list", "explain"])
def test_each_prompt_has_the_criteria_that_the_model_said(
    run: Run, mark: Annotate, format: Format, json_schema: bool
) -> None:
    ref = mark(run, {"json_schema": json_schema}, format=format)
    found = annotations(run, ref)
    assert ref.rows == found.height == 40
    assert set(found["outcome"]) == {"ok"}
    for row in found.iter_rows(named=True):
        holds = expected(CHEAP, PROMPTS[row["prompt_id"]], format, json_schema)
        assert [row[criterion] for criterion in CRITERIA] == holds
        assert row["score"] == sum(holds)


FAULTS = {
    "garbage": "unparsable",
    "out_of_range": "unparsable",
    "truncated": "truncated",
    "refusal": "refused",
    "content_refusal": "refused",
    "empty": "empty",
    "wrong_model": "error",
    "bad_request": "error",
    "server_error": "error",
    "bad_json": "error",
    "cut": "error",
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_failure_has_its_name_and_never_a_score(
    run: Run, mark: Annotate, server: OpenAIServer, fault: str
) -> None:
    server.set_plan({fault: 0.5})
    ref = mark(run, {"max_attempts": 1})
    found = annotations(run, ref)
    assert found.height == 40
    failed = found.filter(pl.col("outcome") != "ok")
    assert set(failed["outcome"]) == {FAULTS[fault]}
    nulls = failed.select("score", *map(str, CRITERIA)).null_count().sum_horizontal().item()
    assert nulls == failed.height * 8


def test_the_same_run_again_asks_only_what_failed_for_a_while(
    run: Run, mark: Annotate, server: OpenAIServer
) -> None:
    server.set_plan({"bad_request": 0.2, "empty": 0.2, "refusal": 0.1})
    first = annotations(run, mark(run))
    failed = first.filter(outcome="error").height
    assert failed
    server.set_plan({})
    second = annotations(run, mark(run.model_copy(update={"id": "run-2"})))
    assert server.stats()["requests"] == 40 + failed
    settled = first.filter(pl.col("outcome") != "error")
    assert second.join(settled.select("prompt_id"), on="prompt_id", how="semi").equals(settled)
    assert second.filter(outcome="error").is_empty()
    asked = server.stats()["requests"]
    mark(run.model_copy(update={"id": "run-3"}))
    assert server.stats()["requests"] == asked


def test_a_second_model_marks_what_the_first_lets_through(
    run: Run, mark: Annotate, server: OpenAIServer
) -> None:
    server.set_plan({"empty": 0.1})
    thresholds = {"second_min_score": 3, "second_min_topic_mean": 2.5, "min_coverage": 0.5}
    ref = mark(run, second_annotator=GOOD, **thresholds)
    with warehouse.transaction(run.home) as con:
        first = con.sql(f"select * from core.annotations where annotator like '{CHEAP}:%'").pl()
        reasons = dict(con.sql("select prompt_id, reason from core.screenings").fetchall())
        passes = con.sql("select pass, annotator from core.annotators order by pass").fetchall()
    assert passes == [(1, first["annotator"][0]), (2, ref.key)]
    assert ref.key.startswith(GOOD)
    topic = pl.col("prompt_id").cast(pl.Int64) // 10
    means = dict(
        first.filter(pl.col("prompt_id") < "39").group_by(topic).agg(pl.col("score").mean()).iter_rows()
    )
    let_through = {
        row["prompt_id"]
        for row in first.iter_rows(named=True)
        if row["prompt_id"] < "39" and (row["score"] or 0) >= 3 and means[int(row["prompt_id"]) // 10] >= 2.5
    }
    assert 0 < len(let_through) < 39
    assert set(annotations(run, ref)["prompt_id"]) == let_through
    assert set(reasons) == set(PROMPTS) - let_through
    assert {reasons[row["prompt_id"]] for row in first.filter(outcome="empty").iter_rows(named=True)} == {
        "empty"
    }
    assert set(reasons.values()) <= {"empty", "no_topic", "low_first_score", "weak_first_topic"}
    assert server.stats()["requests"] == 40 + len(let_through)


def test_a_bad_first_pass_is_not_followed_by_a_dear_second(
    run: Run, mark: Annotate, server: OpenAIServer
) -> None:
    server.set_plan({"empty": 0.5})
    ref = mark(run, second_annotator=GOOD, second_min_score=0, second_min_topic_mean=0)
    assert ref.key.startswith(CHEAP)
    assert server.stats()["requests"] == 40


def test_the_heuristic_may_choose_what_a_model_is_asked(
    run: Run, mark: Annotate, server: OpenAIServer
) -> None:
    ref = mark(
        run, annotator="heuristic-1", second_annotator=GOOD, second_min_score=0, second_min_topic_mean=0
    )
    assert ref.rows == server.stats()["requests"] == 39
    nobody = mark(run, annotator="heuristic-1", second_annotator=GOOD, second_min_score=7)
    assert server.stats()["requests"] == 39
    assert nobody.key == ref.key


def test_a_run_of_other_thresholds_leaves_no_screenings_of_the_one_before(run: Run, mark: Annotate) -> None:
    for least in (7, 0):
        mark(run, second_annotator=GOOD, second_min_score=least, second_min_topic_mean=0)
    with warehouse.transaction(run.home) as con:
        assert con.sql("select prompt_id, reason from core.screenings").fetchall() == [("39", "no_topic")]


def test_other_instructions_are_another_annotator(run: Run, mark: Annotate, tmp_path: Path) -> None:
    own = tmp_path / "criteria-1.md"
    shipped = (rubric.RUBRICS / "criteria-1.md").read_text(encoding="utf-8")
    own.write_text(shipped.replace("## Task", "## Task\n\nBe strict.", 1), encoding="utf-8")
    keys = [
        mark(run).key,
        mark(run, format="explain").key,
        mark(run, {"json_schema": True}).key,
        mark(run, {"parameters": {"seed": 1}}).key,
        mark(run, rubric=str(own)).key,
        mark(run, annotator=GOOD).key,
    ]
    assert len(set(keys)) == 6
    assert mark(run).key == keys[0]


def test_a_stop_loses_nothing(run: Run, mark: Annotate, server: OpenAIServer) -> None:
    server.set_plan({"quota_after": 15})
    with pytest.raises(EvergreenError, match="no credit"):
        mark(run)
    server.set_plan({})
    ref = mark(run.model_copy(update={"id": "run-2"}))
    assert ref.rows == 40
    assert set(server.counts()["answered"].values()) == {1}


def test_a_budget_stops_it_and_a_higher_one_goes_on(run: Run, mark: Annotate, server: OpenAIServer) -> None:
    with pytest.raises(BudgetSpent, match="--max-usd"):
        mark(run, max_usd=0.02)  # a call is some 800 tokens at 1 USD for a million
    assert 0 < server.stats()["requests"] < 40
    assert mark(run.model_copy(update={"id": "run-2"}), max_usd=1).rows == 40
    assert set(server.counts()["asked"].values()) == {1}


def test_a_model_or_rubric_that_is_not_there_is_told_before_anything_is_asked(
    run: Run, mark: Annotate, server: OpenAIServer
) -> None:
    with pytest.raises(InputError, match="no endpoint 'nobody'"):
        mark(run, annotator="nobody")
    with pytest.raises(InputError, match="no rubric 'nothing'"):
        mark(run, rubric="nothing")
    assert server.stats()["requests"] == 0
