"""What select stores and says."""

import logging
from collections.abc import Callable, Mapping

import polars as pl
import pytest

from tasks import warehouse
from tasks.annotate.task import annotate
from tasks.refs import Ref, Run
from tasks.select.task import select
from tasks.settings import AnnotateSettings, LlmSettings, SelectSettings

TOPICS = Ref(stage="topics", table="core.topics", key="tax-1", rows=3)
IDS = [f"{number:02d}" for number in range(12)]


@pytest.fixture
def run(home_of: Callable[[Mapping[str, str]], Run], eligible: Ref) -> Run:
    """Twelve prompts in three topics, all annotated; the last one has no topic."""
    run = home_of({i: f"Design a cache for {i} servers and prove a bound on its misses." for i in IDS})
    annotate.fn(run, eligible, TOPICS, AnnotateSettings(), LlmSettings())
    with warehouse.transaction(run.home) as con:
        con.execute(
            "insert into core.topics "
            "select 'tax-1', i, 'topic ' || i, ['cache'], 4, 4, [], 0, 0, 'keywords' from range(3) as t (i)"
        )
        con.execute(
            "insert into core.prompt_topics select 'tax-1', prompt_id, "
            "if(prompt_id = '11', null, cast(prompt_id as integer) % 3), 'cluster', 1, 0, 0 from core.prompts"
        )
    return run


def stored(run: Run, query: str) -> pl.DataFrame:
    with warehouse.transaction(run.home) as con:
        return con.sql(query).pl()


def call(run: Run, **asked: object) -> Ref:
    annotations = Ref(stage="annotate", table="core.annotations", key="heuristic-1", rows=12)
    return select.fn(run, TOPICS, annotations, SelectSettings(min_score=0, min_topic_mean=0, **asked))


def test_the_choice_is_stored_with_the_fate_of_all_prompts_that_have_a_topic(run: Run) -> None:
    ref = call(run, size=4)
    assert ref == Ref(stage="select", table="core.selections", key="run-1", rows=4)
    selections = stored(run, "select * from core.selections order by prompt_id")
    assert selections["prompt_id"].to_list() == IDS[:11]
    assert selections["reject_reason"].null_count() == 4
    topics = stored(run, "select * from core.topic_scores")
    assert topics["annotated_count"].sum() == 11
    assert topics["is_chosen"].sum() == 2


def test_what_the_first_pass_of_this_run_kept_back_is_not_chosen(run: Run) -> None:
    with warehouse.transaction(run.home) as con:
        con.execute("insert into core.screenings values ('run-1', '03', 'low_first_score')")
        con.execute("insert into core.screenings values ('run-0', '04', 'low_first_score')")
    call(run, size=4)
    assert set(stored(run, "select prompt_id from core.selections")["prompt_id"]) == {*IDS[:11]} - {"03"}


def test_a_repeated_run_replaces_its_choice(run: Run) -> None:
    call(run, size=4)
    call(run, size=6)
    selections = stored(run, "select * from core.selections")
    assert selections.height == 11
    assert selections["reject_reason"].null_count() == 6
    assert stored(run, "select * from core.topic_scores").height == 3


def test_too_few_eligible_topics_is_a_warning_with_the_numbers(
    run: Run, caplog: pytest.LogCaptureFixture
) -> None:
    assert call(run, size=50).rows == 6
    (warning,) = [record for record in caplog.records if record.levelno == logging.WARNING]
    assert (
        "50 prompts were wanted, 2 of each topic, but only 3 topics are eligible: 6 chosen" in warning.message
    )


def test_a_choice_of_full_size_warns_of_nothing(run: Run, caplog: pytest.LogCaptureFixture) -> None:
    call(run, size=6)
    assert not [record for record in caplog.records if record.levelno == logging.WARNING]


def test_none_eligible_is_no_choice_that_the_gate_can_see(run: Run) -> None:
    assert call(run, size=4, per_topic=5).rows == 0
    reasons = stored(run, "select distinct reject_reason from core.selections")
    assert reasons["reject_reason"].to_list() == ["small_topic"]
